"""How far a hook is, kept in the ledger together with what the last attempt came to: one write, by its one sender."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from orchestrator.control.event_cursors import EventPosition
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.hooks import Hooks, Note
from orchestrator.ledger.reader import Reader

PASSED_BY: Final = 500
"""Events that nobody wants are written down together; after a crash they are looked at again."""

_FORMAT: Final = 1
_NEAR: Final = 32
_FAR: Final = tuple(2**power for power in range(16, 5, -1))
"""Events before a new hook's beginning that it can go back to: each of the last, and fewer the older they are."""


class HookLost(Exception):
    """Another coordinator sends for this hook, or the ledger has forgotten who does."""


class HookCursor:
    """A ``CursorStore`` of one hook. ``noted`` is written with the position that follows it."""

    def __init__(self, hooks: Hooks, reader: Reader, name: str, owner: str) -> None:
        self._hooks = hooks
        self._reader = reader
        self._name = name
        self._owner = owner
        self._position: EventPosition | None = None
        self._note: Note | None = None
        self._passed = 0

    def load(self) -> EventPosition:
        """Where it was; a new hook begins behind the last event of when it was first claimed."""
        state = self._hooks.reads.state(self._name)
        kept = _read(state.text("cursor"))
        if kept is None:
            kept = self._began(state.number("beganAt"))
            self.save(kept)
            self.flush()
        return kept

    def _began(self, last: int) -> EventPosition:
        """Behind ``last``, as if what was before had been sent: a fail-over that lacks it does not bring that back."""
        position = EventPosition()
        for number in (last - far for far in _FAR if far < last):
            event = next(self._reader.events(None, number - 1), None)
            if event is not None and position.sequence_id < event.sequence_id <= last:
                position.add(event)
        then = None
        for event in self._reader.events(None, max(last - _NEAR, position.sequence_id)):
            if event.sequence_id > last:
                then = event
                break
            position.add(event)
        if not position.trail:
            position.pass_by(last, then)
        return position

    def handled(self, note: Note) -> None:
        """The event under way is done with: this goes into the write of the position behind it."""
        self._note = note

    def save(self, position: EventPosition) -> None:
        """Written at once with a note, else in its turn or by ``flush``."""
        self._position = position
        self._passed += 1
        if self._note is not None or self._passed >= PASSED_BY:
            self.flush()

    def flush(self) -> None:
        """Writes what is not written yet. Raises ``HookLost``."""
        if self._position is None or not self._passed:
            return
        text = json.dumps({"format": _FORMAT, "trail": list(self._position.trail.items())}, separators=(",", ":"))
        note = self._note or Note()
        fields = {**note.fields, "cursor": text, "at": str(self._position.sequence_id)}
        if not self._hooks.note(self._name, self._owner, replace(note, fields=fields)):
            raise HookLost
        self._note, self._passed = None, 0


def _read(text: str) -> EventPosition | None:
    """None for what is not there, or damaged: the hook begins anew."""
    try:
        kept = read_stored(text)
        if kept["format"] == _FORMAT:
            return EventPosition({int(number): str(mark) for number, mark in kept["trail"]})
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    return None
