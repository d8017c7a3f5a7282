"""Events as a console tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from orchestrator.control.door import TellsInPages
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.events import Event, event_from
from orchestrator.doors.remote.connection import Connection
from orchestrator.doors.remote.errors import ConsoleFailed

ROWS: Final = 500


def event_of_json(wire: Mapping[str, Any]) -> Event:
    """The event, also one of a newer release. Raises ``ConsoleFailed`` for what is none."""
    try:
        return event_from({name: value for name, value in wire.items() if value is not None})
    except ValidationError as error:
        raise ConsoleFailed(f"what the console sends is no event: {error.errors()[0]['msg']}") from error


class RemoteLog:
    """The log, a page at a time."""

    def __init__(self, pages: TellsInPages) -> None:
        self._pages = pages

    def events(self, plan_id: str | None, since: int) -> Iterator[Event]:
        """Each page begins at the last event of the one before. Raises ``Unreachable`` when the log is another one than
        where it was begun: to be read again. Of the feed, which loses its oldest, one that is gone tells nothing."""
        last: Event | None = None
        while True:
            page = self._pages.events(plan_id, since, ROWS)
            is_whole = len(page) < ROWS
            if last is not None and page:
                first = page[0]
                if first != last and (first.sequence_id == last.sequence_id or plan_id is not None):
                    raise Unreachable(
                        "the log has gone back while it was read: a fail-over that lost writes; ask again"
                    )
                page = page[1:] if first == last else page
            yield from page
            if is_whole or not page:
                return
            last = page[-1]
            since = last.sequence_id - 1


class RemoteNews:
    """What a console sends by itself."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def __call__(self, plan_id: str | None, since: int) -> Iterator[Event]:
        """Until the console ends it, or is silent: whoever follows looks whether it is there, and comes back."""
        try:
            for told in self._to.events(plan_id, since):
                # As straight from the ledger: who has come too late for some gets the next that there are, and where a
                # fail-over took some back, those that got their numbers.
                if told is not None and not told[0]:
                    yield event_of_json(told[1])
        except Unreachable:
            return
