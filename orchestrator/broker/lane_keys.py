"""The broker's own keys, as somebody else may have left them (I19): a lane, its count, what is unacknowledged.

A hand, or another program on the same server, can put anything there. Messages are hints, so what is not ours is taken
out and said: a task whose message goes with it is published again by its lease. Left where it is, it would stop every
message of every task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError

from orchestrator.broker.messages import PUSHED
from orchestrator.ledger.refusals import is_damage

_log = structlog.get_logger(__name__)


def push(client: Any, prefix: str, lane: str, text: str) -> None:
    """Puts a message into the lane and counts it. ``prefix``: of the broker's keys; kombu's client adds it for some
    commands and not for others."""
    push_all(client, prefix, [(lane, text)])


_gathered: ContextVar[list[tuple[Any, str, str]] | None] = ContextVar("gathered", default=None)


@contextmanager
def gathering() -> Iterator[None]:
    """What is published to lanes in the block goes out at its end, in one round trip; nothing of it if it raises."""
    messages: list[tuple[Any, str, str]] = []
    token = _gathered.set(messages)
    try:
        yield
    finally:
        _gathered.reset(token)
    for channel in dict.fromkeys(channel for channel, _, _ in messages):
        own = [(lane, text) for of, lane, text in messages if of is channel]
        with channel.conn_or_acquire() as client:
            try:
                push_all(client, channel.global_keyprefix, own)
            except RedisConnectionError:
                # Once more, over a new connection: the one in hand may have been cut while it was idle.
                push_all(client, channel.global_keyprefix, own)


def gathers(channel: Any, lane: str, text: str) -> bool:
    """Whether the message was kept for the end of ``gathering``; ``channel`` is kombu's."""
    messages = _gathered.get()
    if messages is not None:
        messages.append((channel, lane, text))
    return messages is not None


def push_all(client: Any, prefix: str, messages: Sequence[tuple[str, str]]) -> None:
    """The same of (lane, text) pairs, in one round trip: the messages first, as a count that is cut off makes a lane
    look fuller than it is, never emptier."""
    numbers = Counter(lane for lane, _ in messages)
    with client.pipeline(transaction=False) as pipeline:
        for lane, text in messages:
            pipeline.lpush(lane, text)
        for lane, number in numbers.items():
            pipeline.hincrby(prefix + PUSHED, lane, number)
        answers = pipeline.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception) and not is_damage(answer):
            raise answer
    pushed, counts = answers[: len(messages)], answers[len(messages) :]
    if again := [message for message, answer in zip(messages, pushed, strict=True) if is_damage(answer)]:
        clear_damaged(client, prefix, {lane: "list" for lane, _ in again})
        with client.pipeline(transaction=False) as pipeline:
            for lane, text in again:
                pipeline.lpush(lane, text)
            pipeline.execute()
    # After that: a lane's count goes on from what waits in it.
    if damaged := [lane for lane, answer in zip(numbers, counts, strict=True) if is_damage(answer)]:
        _count_anew(client, prefix, damaged)


def _count_anew(client: Any, prefix: str, lanes: Sequence[str]) -> None:
    clear_damaged(client, prefix, {PUSHED: "hash"})
    for lane in lanes:
        client.hset(PUSHED, lane, client.llen(lane))
        _log.error("the count of a lane was no number", action="broker-repaired", lane=lane)


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


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
