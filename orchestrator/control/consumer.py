"""A consumer of events that may die at any moment, and whose Redis may fail over to one that lacks the last writes.

It keeps a cursor: the last event that it has handled, and a thinning trail of those before. Every look begins at the
last one: if the log no longer holds that very event there, the log has gone back, its numbers are given out again to
other events (docs/delivery.md), and the consumer goes on behind the newest event of its trail that the log still holds.

Of the feed, which loses its oldest events, a cursor also keeps points where no event was handled: where it began, and
where a gap that was told ended. So what leaves the feed before the next event is handled is told as well.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.events import Event
from orchestrator.files.private_file import read_private, replace_private

LOOK_SECONDS: Final = 0.5
"""Pause after a look that found nothing new."""

_FORMAT: Final = 1
_LONGEST: Final = 256
_WHOLE: Final = 32
"""Of a trail that grows longer than the first, every second is forgotten but the newest."""


class EventsMissed(ChangeoverError):
    """Events left the feed before they were handled: the consumer was away for longer than the feed reaches back.

    ``last`` is exact. ``first`` is where the consumer stood: a log that went back while nobody read, and was cut behind
    that point, shows no trace of it, so events of lower numbers may be among those that it has not handled.

    Take up the state anew, all of it (``Client.plans``, ``Client.status``), then go on with
    ``EventConsumer.skip_missed``.
    """

    code = "events_missed"
    exit_code = 3

    def __init__(self, first: int, last: int) -> None:
        super().__init__(first, last)
        self.first, self.last = first, last

    def __str__(self) -> str:
        return f"events {self.first} to {self.last} have left the feed and were not handled"


class EventSource(Protocol):
    """Where events come from: a ``Client``."""

    def events(self, plan_id: str | None, since: int, /) -> Iterator[Event]:
        """Events after sequence id ``since``, in order."""


@dataclass(slots=True)
class EventPosition:
    """How far a consumer is. ``trail``: fingerprints of handled events by their sequence id, the newest last; "" where
    none was handled and the feed began behind that number."""

    trail: dict[int, str] = field(default_factory=dict)

    @property
    def sequence_id(self) -> int:
        """Of the last event that was handled, or told as missed; 0 before the first."""
        return next(reversed(self.trail), 0)

    def add(self, event: Event) -> None:
        """The event has been handled. Of the older ones fewer are kept the older they are."""
        self.trail[event.sequence_id] = fingerprint(event)
        if len(self.trail) > _LONGEST:
            kept = list(self.trail.items())
            self.trail = dict(kept[:-_WHOLE:2] + kept[-_WHOLE:])

    def pass_by(self, last: int) -> None:
        """What came up to ``last`` is gone from the feed, and not to be waited for."""
        self.trail[last] = ""

    def cut(self, last: int) -> None:
        """Forget what came after ``last``."""
        self.trail = {number: text for number, text in self.trail.items() if number <= last}


class CursorStore(Protocol):
    """Keeps a position over restarts. A database of the consumer's own is best: saved with what the handling wrote."""

    def load(self) -> EventPosition:
        """The position last saved; an empty one before the first."""

    def save(self, position: EventPosition) -> None:
        """Keeps it; when this returns, it survives a crash."""


class MemoryCursor:
    """A position that lasts as long as its consumer: for who only looks."""

    def load(self) -> EventPosition:
        """An empty one."""
        return EventPosition()

    def save(self, position: EventPosition) -> None:
        """The consumer has it."""


class FileCursor:
    """A cursor in a file of our own, replaced whole at each save."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> EventPosition:
        """Raises ``OSError`` or ``ValueError`` for a file that is there and is no cursor, or one of another format."""
        try:
            kept = json.loads(read_private(self._path))
            if kept["format"] != _FORMAT:
                raise ValueError(f"its format is {kept['format']!r}")
            return EventPosition({int(number): str(text) for number, text in kept["trail"]})
        except FileNotFoundError:
            return EventPosition()
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{self._path} is no cursor of an EventConsumer in format {_FORMAT}") from error

    def save(self, position: EventPosition) -> None:
        """One small write and an ``fsync``."""
        replace_private(self._path, json.dumps({"format": _FORMAT, "trail": list(position.trail.items())}))


class EventConsumer:
    """Events in order, each at least once: again only after a crash between handling and save, or a log that went back.

        for event in EventConsumer(client, FileCursor(Path("cursor.json"))).events():
            handle(event)

    An event counts as handled when the next one is asked for. Handle each idempotently, by its content rather than its
    number alone: after a fail-over a number may come again with another event.
    """

    def __init__(
        self,
        source: EventSource,
        cursor: CursorStore,
        plan_id: str | None = None,
        save_every: int = 1,
        *,
        since: int = 0,
    ) -> None:
        """``plan_id`` None: the namespace's feed. ``save_every``: events between two saves, which come again after a
        crash. ``since``: the sequence id behind which a cursor that is still empty begins."""
        self._source = source
        self._cursor = cursor
        self._plan_id = plan_id
        self._save_every = save_every
        self._since = since
        self._position = cursor.load()
        self._missed = 0
        self.went_back = 0
        """How often the log was found without events that had been handled: what was made of those is to be undone."""

    def events(
        self,
        *,
        follow: bool = True,
        until: Callable[[], bool] = lambda: False,
        look_seconds: float = LOOK_SECONDS,
    ) -> Iterator[Event]:
        """Events not handled yet; with ``follow`` for ever, else as far as the log goes now. ``until`` is asked before
        each look; once it says yes that look is the last.

        Raises ``EventsMissed``, and what the source raises: go on by calling this again.
        """
        while True:
            is_last = not follow or until()
            unsaved = 0
            for event in self._unhandled():
                yield event
                self._position.add(event)
                unsaved = (unsaved + 1) % self._save_every
                if unsaved == 0:
                    self._cursor.save(self._position)
            if unsaved:
                self._cursor.save(self._position)
            if is_last:
                return
            time.sleep(look_seconds)

    def skip_missed(self) -> None:
        """Goes on behind the events that the last ``EventsMissed`` told of."""
        if self._missed > self._position.sequence_id:
            self._position.pass_by(self._missed)
            self._cursor.save(self._position)

    def _unhandled(self) -> Iterator[Event]:
        if not self._position.trail:
            self._begin()
        last = self._position.sequence_id
        if not self._position.trail:
            yield from self._source.events(self._plan_id, self._since)
            return
        found = self._source.events(self._plan_id, last - 1 if self._position.trail[last] else 0)
        first = next(found, None)
        if self._is_last(first):
            yield from found
        elif self._is_behind(first, last):
            assert first is not None
            if first.sequence_id > last + 1:
                self._missed = first.sequence_id - 1
                raise EventsMissed(last + 1, self._missed)
            yield first
            yield from found
        elif self._has_any():
            self._go_back()
            yield from self._unhandled()

    def _begin(self) -> None:
        """Keeps the point to compare from, as far as there is one."""
        first = next(self._source.events(self._plan_id, max(self._since - 1, 0)), None)
        if first is not None and first.sequence_id == self._since:
            self._position.add(first)
        elif self._plan_id is None and not self._since:
            self._position.pass_by(first.sequence_id - 1 if first is not None else 0)
        elif self._is_behind(first, self._since):
            self._position.pass_by(self._since)
        else:
            return
        self._cursor.save(self._position)

    def _is_last(self, event: Event | None) -> bool:
        return event is not None and self._position.trail.get(event.sequence_id) == fingerprint(event)

    def _is_behind(self, oldest: Event | None, number: int) -> bool:
        """Whether the feed begins behind that number; it has no gap, so what was before has left it."""
        return self._plan_id is None and oldest is not None and oldest.sequence_id > number

    def _has_any(self) -> bool:
        """A feed without any event says nothing of whether it has gone back."""
        return self._plan_id is not None or next(self._source.events(None, 0), None) is not None

    def _go_back(self) -> None:
        """To the newest event of the trail that the log still holds; to where it began when there is none."""
        self.went_back += 1
        self._cut_back()
        # Else who dies before the next event is handled would begin at numbers that are given out again.
        if self._position.trail:
            self._cursor.save(self._position)
        else:
            self._begin()

    def _cut_back(self) -> None:
        for number in sorted(self._position.trail, reverse=True):
            self._position.cut(number)
            is_event = bool(self._position.trail[number])
            first = next(self._source.events(self._plan_id, number - 1 if is_event else 0), None)
            if self._is_last(first):
                return
            if self._is_behind(first, number):
                if is_event:
                    # Whether the log went back behind it as well cannot be seen any more: it is told as missed.
                    self._position = EventPosition()
                    self._position.pass_by(number - 1)
                return
        self._position = EventPosition()


def fingerprint(event: Event) -> str:
    """Tells events of the same number apart."""
    return hashlib.sha256(event.model_dump_json(by_alias=True).encode()).hexdigest()[:16]
