"""The broker's own keys, as somebody else may have left them (I19): a lane, its count, what is unacknowledged.

A hand, or another program on the same server, can put anything there. Messages are hints, so what is not ours is taken
out and said: a task whose message goes with it is published again by its lease. Left where it is, it would stop every
message of every task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from redis.exceptions import ResponseError

from orchestrator.broker.messages import PUSHED

_log = structlog.get_logger(__name__)


def push(client: Any, prefix: str, lane: str, text: str) -> None:
    """Puts a message into the lane, then counts it: a count that is cut off makes a lane look fuller than it is, never
    emptier. ``prefix``: of the broker's keys; kombu's client adds it for some commands and not for others."""
    pushed, count = _push(client, prefix, lane, text)
    if _is_damage(pushed):
        clear_damaged(client, prefix, {lane: "list"})
        pushed, count = _push(client, prefix, lane, text)
    if isinstance(pushed, Exception):
        raise pushed
    if _is_damage(count):
        _log.error("the count of a lane was no number", action="broker-repaired", lane=lane)
        client.unlink(prefix + PUSHED)
        # It goes on from what waits there now.
        client.hincrby(prefix + PUSHED, lane, pushed)
    elif isinstance(count, Exception):
        raise count


def clear_damaged(client: Any, prefix: str, kinds: Mapping[str, str]) -> None:
    """Takes out those of the keys that are not of the kind (a Redis type) that they should be."""
    for key, kind in kinds.items():
        found = _text(client.type(prefix + key))
        if found not in (kind, "none"):
            client.unlink(prefix + key)
            _log.error("a key of the broker was of another type", action="broker-repaired", key=key, found=found)


def counted(answer: object) -> dict[str, int]:
    """The counts of the lanes; one that is no number is left out, and none are known of a key that is no hash.

    Too low a count is to the safe side: it looks as if somebody had emptied the broker.
    """
    if not isinstance(answer, Mapping):
        return {}
    return {_text(lane): int(count) for lane, count in answer.items() if _text(count).isdecimal()}


def _push(client: Any, prefix: str, lane: str, text: str) -> tuple[Any, Any]:
    with client.pipeline(transaction=False) as pipeline:
        pipeline.lpush(lane, text)
        pipeline.hincrby(prefix + PUSHED, lane, 1)
        pushed, count = pipeline.execute(raise_on_error=False)
    return pushed, count


def _is_damage(answer: object) -> bool:
    return isinstance(answer, ResponseError) and any(
        words in str(answer) for words in ("WRONGTYPE", "Operation against a key", "not an integer", "overflow")
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
