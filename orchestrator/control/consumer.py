"""A consumer of events that may die at any moment, and whose Redis may fail over to one that lacks the last writes.

It keeps a cursor: the last event that it has handled, and a thinning trail of those before. Every look begins at the
last one: if the log no longer holds that very event there, the log has gone back, its numbers are given out again to
other events (docs/delivery.md), and the consumer goes on behind the newest event of its trail that the log still holds.

Of the feed, which loses its oldest events, a cursor also keeps points where no event was handled: where it began, and
where a gap that was told ended, each with the fingerprint of the event behind it. So what leaves the feed before the
next event is handled is told as well, and a log that went back is known there too.

A page of the log is one read; the next one begins at the last event of it, so that a log that goes back, or loses its
oldest, while it is being handled is found out like one that did so in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NoReturn, Protocol

from orchestrator.control.event_cursors import CursorStore, EventPosition, fingerprint, followed_by, is_event
from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.events import Event
from orchestrator.domain.whole_numbers import require_whole

LOOK_SECONDS: Final = 0.5
"""Pause after a look that found nothing new."""

_PAGE: Final = 500
"""Events of one look: no source needs a second read for them, between which the log could change."""


class EventsMissed(ChangeoverError):
    """Events left the feed before they were handled: the consumer was away for longer than the feed reaches back.

    ``last`` is exact. ``first`` is where the consumer stood: a log that went back while nobody read, and was cut behind
    that point, shows no trace of it, so events of lower numbers may be among those that it has not handled. Where the
    feed begins right behind the last event that was handled, nobody can say whether it is still the same feed: both
    are that event's number then.

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
        require_whole("save_every", save_every, 1)
        require_whole("since", since)
        self._since = since
        self._position = cursor.load()
        self._missed: tuple[int, Event] | None = None
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
        if self._missed is not None:
            self._position.pass_by(*self._missed)
            self._missed = None
            self._cursor.save(self._position)

    def _unhandled(self) -> Iterator[Event]:
        """Page by page: the one before has been handled when the next is asked for."""
        more = True
        while more:
            page, more = self._look()
            yield from page

    def _look(self) -> tuple[list[Event], bool]:
        """The next page of what is behind the position, and whether there may be more."""
        self._missed = None
        while True:
            if not self._position.trail:
                self._begin()
            last, mark = next(reversed(self._position.trail.items()), (self._since, ""))
            if not self._position.trail:
                return self._page(last)
            page, more = self._page(last - 1 if is_event(mark) else 0)
            first = page[0] if page else None
            if self._is_at(first, last):
                return self._up_to_a_gap(page[1:], last, more)
            if self._is_behind(first, last):
                if first is not None and first.sequence_id == last + 1 and mark not in ("", followed_by(first)):
                    # It is not the one that followed; or nobody can say, since what was handled has left the feed.
                    self._miss(last, first)
                return self._up_to_a_gap(page, last, more)
            if not self._has_any():
                return [], False
            self._go_back()

    def _page(self, since: int) -> tuple[list[Event], bool]:
        found = list(islice(self._source.events(self._plan_id, since), _PAGE))
        return found, len(found) == _PAGE

    def _up_to_a_gap(self, page: list[Event], last: int, more: bool) -> tuple[list[Event], bool]:
        """Of the feed, whose numbers have no gap. Raises ``EventsMissed`` for one that comes first."""
        if self._plan_id is not None:
            return page, more
        if page and page[0].sequence_id > last + 1:
            self._miss(last + 1, page[0])
        whole = [event for place, event in enumerate(page) if event.sequence_id == last + 1 + place]
        return whole, more or len(whole) < len(page)

    def _miss(self, first: int, then: Event) -> NoReturn:
        self._missed = then.sequence_id - 1, then
        raise EventsMissed(first, then.sequence_id - 1)

    def _begin(self) -> None:
        """Keeps the point to compare from, as far as there is one."""
        first = next(self._source.events(self._plan_id, max(self._since - 1, 0)), None)
        if first is not None and first.sequence_id == self._since:
            self._position.add(first)
        elif self._plan_id is None and not self._since:
            self._position.pass_by(first.sequence_id - 1 if first is not None else 0, first)
        elif self._is_behind(first, self._since):
            self._position.pass_by(self._since, first)
        else:
            return
        self._cursor.save(self._position)

    def _is_at(self, event: Event | None, number: int) -> bool:
        """Whether it is the one that was handled under that number."""
        return event is not None and event.sequence_id == number and self._position.trail[number] == fingerprint(event)

    def _is_behind(self, oldest: Event | None, number: int) -> bool:
        """Whether the feed begins behind that number; it has no gap, so what was before has left it."""
        return self._plan_id is None and oldest is not None and oldest.sequence_id > number

    def _has_any(self) -> bool:
        """A feed without any event says nothing of whether it has gone back."""
        return self._plan_id is not None or next(self._source.events(None, 0), None) is not None

    def _go_back(self) -> None:
        """To the newest event of the trail that the log still holds, or to one that has left it: what is behind that is
        told then. To where it began when there is none."""
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
            since = number - 1 if is_event(self._position.trail[number]) else 0
            first = next(self._source.events(self._plan_id, since), None)
            if self._is_at(first, number) or self._is_behind(first, number):
                return
        self._position = EventPosition()
        if self._plan_id is None and not self._since:
            # It is another log than where it began: what has left this one was not handled.
            self._position.pass_by(0)
