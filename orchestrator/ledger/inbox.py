"""The coordinators' inbox: a stream with one consumer group, so that each wake reaches one of them.

A wake is a hint. It says that a plan has become ready for a turn (which one, the ledger's ``ready`` says) or names a
task to dispatch; looking twice does no harm, and a wake that dies with its coordinator is made up for: by the next look
at ``ready``, by the task's lease. What the dead leave here, their wakes and their names, is cleared away by those that
live.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import redis
from redis.exceptions import ResponseError

from orchestrator.ledger.keys import Keys

GROUP: Final = "coordinators"
BATCH: Final = 500

LEFT_SECONDS: Final = 60.0
"""A wake that was read this long ago and not finished is anybody's."""

GONE_SECONDS: Final = 3600.0
"""A coordinator that has not read for this long and has nothing pending is forgotten."""


@dataclass(frozen=True, slots=True)
class Wakes:
    """A batch of wakes: tasks to dispatch, each once, in order of arrival. Any rings for the ``ready`` plans."""

    tasks: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


class Inbox:
    """Reads as one consumer of the group."""

    def __init__(self, client: redis.Redis, keys: Keys, consumer: str) -> None:
        self._client = client
        self._key = keys.of("inbox")
        self._consumer = consumer

    def read(self, block_seconds: float) -> Wakes:
        """The next wakes; empty after ``block_seconds`` without any."""
        try:
            answer = self._client.xreadgroup(
                GROUP, self._consumer, {self._key: ">"}, count=BATCH, block=max(1, round(block_seconds * 1000))
            )
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._create_group()
            return Wakes()
        # Streams come as a mapping (RESP3) or as pairs (RESP2).
        streams = cast(Any, answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or ()])
        entries = [entry for stream in streams for entry in _flat(stream)]
        return _wakes(entries)

    def done(self, wakes: Wakes) -> None:
        """Takes the wakes out of the stream: they were acted on."""
        if wakes.entries:
            with self._client.pipeline(transaction=True) as pipeline:
                pipeline.xack(self._key, GROUP, *wakes.entries)
                pipeline.xdel(self._key, *wakes.entries)
                pipeline.execute()

    def tidy(self) -> Wakes:
        """Takes over wakes that another coordinator read and did not finish; forgets coordinators long gone."""
        answer = cast(
            Any, self._client.xautoclaim(self._key, GROUP, self._consumer, round(LEFT_SECONDS * 1000), count=BATCH)
        )
        # Entries that were taken out meanwhile are listed without id or fields, again and again until acknowledged.
        entries = [(identifier, fields) for identifier, fields in answer[1] if fields]
        if len(entries) < len(answer[1]):
            self._acknowledge_all_but({identifier for identifier, _ in entries})
        for consumer in self._client.xinfo_consumers(self._key, GROUP):
            is_gone = consumer["idle"] > GONE_SECONDS * 1000 and not consumer["pending"]
            if is_gone and consumer["name"] != self._consumer:
                self._client.xgroup_delconsumer(self._key, GROUP, consumer["name"])
        return _wakes(entries)

    def leave(self) -> None:
        """Removes this consumer. With wakes that it read and did not finish it stays until another has taken them over:
        they would be nobody's otherwise, and lie in the stream for ever."""
        if not self._client.xpending_range(self._key, GROUP, "-", "+", 1, consumername=self._consumer):
            self._client.xgroup_delconsumer(self._key, GROUP, self._consumer)

    def _acknowledge_all_but(self, kept: set[str]) -> None:
        ours = cast(Any, self._client.xpending_range(self._key, GROUP, "-", "+", BATCH, consumername=self._consumer))
        if gone := [entry["message_id"] for entry in ours if entry["message_id"] not in kept]:
            self._client.xack(self._key, GROUP, *gone)

    def _create_group(self) -> None:
        try:
            self._client.xgroup_create(self._key, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise


def _wakes(entries: list[tuple[str, dict[str, str]]]) -> Wakes:
    return Wakes(
        tasks=tuple(dict.fromkeys(fields["task"] for _, fields in entries if "task" in fields)),
        entries=tuple(identifier for identifier, _ in entries),
    )


def _flat(stream: Any) -> list[tuple[str, dict[str, str]]]:
    """Entries of one stream, whether the client nests them once more (RESP3) or not."""
    if stream and isinstance(stream[0], list):
        return [(entry[0], entry[1]) for part in stream for entry in part]
    return [(entry[0], entry[1]) for entry in stream]
