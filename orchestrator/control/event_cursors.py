"""How far a consumer of events is, and where that is kept over its restarts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from orchestrator.domain.events import Event
from orchestrator.files.private_file import read_private, replace_private

_FORMAT: Final = 1
_LONGEST: Final = 256
_WHOLE: Final = 32
"""Of a trail that grows longer than the first, every second is forgotten but the newest."""
_THEN: Final = ">"
"""Begins the mark of a point where no event was handled; behind it the fingerprint of the event that followed."""


@dataclass(slots=True)
class EventPosition:
    """How far a consumer is. ``trail``: fingerprints of handled events by their sequence id, the newest last. Where
    none was handled, and the feed began behind that number, that of the next behind a ``>``; "" when there was none.
    """

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
            # Where the last gap ended, nobody is to be told of it again.
            points = [pair for pair in kept if not is_event(pair[1])]
            self.trail = dict(sorted({*kept[:-_WHOLE:2], *kept[-_WHOLE:], *points[-1:]}))

    def pass_by(self, last: int, then: Event | None = None) -> None:
        """What came up to ``last`` is gone from the feed, and not to be waited for; ``then`` is what it begins with."""
        follows = last > 0 and then is not None and then.sequence_id == last + 1
        self.trail[last] = followed_by(then) if follows and then is not None else ""

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


def is_event(mark: str) -> bool:
    """Whether an event was handled where this stands in a trail."""
    return mark != "" and not mark.startswith(_THEN)


def followed_by(event: Event) -> str:
    """The mark of a point where none was, and this one was the next."""
    return _THEN + fingerprint(event)


def fingerprint(event: Event) -> str:
    """Tells events of the same number apart."""
    return hashlib.sha256(event.model_dump_json(by_alias=True).encode()).hexdigest()[:16]
