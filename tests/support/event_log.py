"""A log of events that goes back and loses its oldest as a test says, and a cursor that outlives its consumer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from orchestrator.control.event_cursors import EventPosition
from orchestrator.domain.events import EVENT, Event

START = datetime(2026, 1, 1, tzinfo=UTC)


class Log:
    """A log that may lose its newest events and give their numbers out again, and whose oldest leave it."""

    def __init__(self) -> None:
        self.kept: list[Event] = []
        self.written = 0
        self._next = 1

    def write(self, count: int) -> None:
        for _ in range(count):
            self.written += 1
            self.kept.append(
                EVENT.validate_python(
                    {
                        "type": "PlanStarted",
                        "sequenceId": self._next,
                        "planSequenceId": self._next,
                        "planId": "p",
                        "occurredAt": START + timedelta(seconds=self.written),
                    }
                )
            )
            self._next += 1

    def lose(self, count: int) -> None:
        """What a fail-over does."""
        lost = min(count, self._next - 1)
        self.kept = self.kept[: max(len(self.kept) - lost, 0)]
        self._next -= lost

    def trim(self, count: int) -> None:
        self.kept = self.kept[count:]

    def events(self, plan_id: str | None, since: int, /) -> Iterator[Event]:
        assert plan_id is None
        return iter([event for event in self.kept if event.sequence_id > since])


class Kept:
    """A cursor in memory: what a killed consumer finds again."""

    def __init__(self) -> None:
        self._trail: dict[int, str] = {}

    def load(self) -> EventPosition:
        return EventPosition(dict(self._trail))

    def save(self, position: EventPosition) -> None:
        self._trail = dict(position.trail)
