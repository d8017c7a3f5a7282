"""How much work Redis did, as it counts it itself: figures that no other process and no slow machine can change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis


class Work:
    """``scripts``: calls of scripts, ``whole``: those of them sent whole; ``commands``: all commands, those inside
    scripts included."""

    def __init__(self) -> None:
        self.scripts = 0
        self.whole = 0
        self.commands = 0


@contextmanager
def counted(client: redis.Redis) -> Iterator[Work]:
    """What was done in the block, by everybody: the server must be this test's alone for that long."""
    work, before = Work(), _calls(client)
    yield work
    after = _calls(client)
    work.scripts = sum(after.get(name, 0) - before.get(name, 0) for name in ("evalsha", "eval"))
    work.whole = after.get("eval", 0) - before.get("eval", 0)
    # The last look counts itself.
    work.commands = sum(after.values()) - sum(before.values()) - 1


def _calls(client: redis.Redis) -> dict[str, int]:
    stats = client.info("commandstats")
    return {name.removeprefix("cmdstat_"): int(entry["calls"]) for name, entry in stats.items()}
