"""Gathers the polls of a worker that are due together, and publishes each such round as one message.

A poll waits up to a tenth of its interval (half a second at most) longer than it had to, and a message costs once a
round, not once a poll. Rounds keep together: the polls of one come to their next one together. What is gathered and
not yet published is in the ledger a queued lease, like any message under way: should the process die, it tells.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.broker.messages import MOST_TURNS, shown_poll
from orchestrator.broker.rounds import SHOWN
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.ledger.records import Admitted, Turn

Publish = Callable[[str, Sequence[Turn], int | None, Sequence[str]], None]
"""Of these turns, in this queue, due at that time of the ledger's clock; at once if none is given. Then what Flower is
to show of the first of them."""

SHARE: Final = 10
"""A round gathers for this part of what its polls wait."""

SHORTEST_MS: Final = 16
LONGEST_MS: Final = 512

IDLE_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _OpenRound:
    """A round that still gathers; ``closes_at`` by the process' clock."""

    closes_at: float
    due_ms: int = 0
    turns: list[Turn] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


class PollRounds:
    """Of one process; ``add`` may be called from any thread. Starts with the first poll; see ``background.loop``."""

    def __init__(self, publish: Publish, lanes: int, clock: Callable[[], float] = time.monotonic) -> None:
        """``publish`` may block and raise: what it does not publish comes back by its leases."""
        self._publish = publish
        self._lanes = lanes
        self._clock = clock
        self._changed = threading.Condition()
        self._open: dict[tuple[str, int, int], _OpenRound] = {}
        self._full: list[tuple[str, _OpenRound]] = []
        self._loop = BackgroundLoop("poll-rounds", 0.0, self.round, closing=self._publish_all)

    def add(self, task: Admitted, due_ms: int, after_seconds: float, stage_name: str) -> None:
        """The task's turn, of that stage, is due at that time of the ledger's clock, so long after now."""
        width = width_ms(after_seconds)
        queue = lane_name(lane_of(task.tenant_id, self._lanes))
        key = (queue, width, due_ms // width)
        with self._changed:
            one = self._open.get(key)
            if one is None:
                one = self._open[key] = _OpenRound(self._clock() + width / 1000)
                self._changed.notify()
            one.turns.append(Turn(task.task_id, task.epoch, task.stage, task.turn))
            if len(one.shown) < SHOWN:
                one.shown.append(shown_poll(task.tenant_id, task.mode, stage_name))
            one.due_ms = max(one.due_ms, due_ms)
            if len(one.turns) >= MOST_TURNS:
                self._full.append((queue, self._open.pop(key)))
                self._changed.notify()
        self._loop.start()

    def stop(self) -> None:
        """Publishes what is gathered, at once."""
        self._loop.stop()
        self._publish_all()

    def round(self) -> None:
        """Waits for a round that has gathered enough, and publishes it."""
        with self._changed:
            if not self._full:
                ends = min((one.closes_at for one in self._open.values()), default=self._clock() + IDLE_SECONDS)
                self._changed.wait(max(min(ends - self._clock(), IDLE_SECONDS), 0))
            closed = self._closed()
        self._publish_each(closed)

    def _closed(self, *, at_once: bool = False) -> list[tuple[str, _OpenRound]]:
        now = self._clock()
        ended = [key for key, one in self._open.items() if at_once or one.closes_at <= now]
        closed, self._full = self._full, []
        return closed + [(key[0], self._open.pop(key)) for key in ended]

    def _publish_all(self) -> None:
        with self._changed:
            closed = self._closed(at_once=True)
        self._publish_each(closed)

    def _publish_each(self, closed: Sequence[tuple[str, _OpenRound]]) -> None:
        for queue, one in closed:
            try:
                self._publish(queue, one.turns, one.due_ms, one.shown)
            except Exception:  # noqa: BLE001 - whatever the broker has: the others are not to wait for it
                _log.exception("poll round not published", action="round-lost", queue=queue, polls=len(one.turns))


def width_ms(after_seconds: float) -> int:
    """How far apart polls that wait so long may be due and still be of one round: a power of two."""
    most = max(int(after_seconds * 1000 / SHARE), SHORTEST_MS)
    return min(1 << (most.bit_length() - 1), LONGEST_MS)
