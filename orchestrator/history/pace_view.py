"""When each plan's moves may start, as the log tells it: from when, until when the first, and how many a minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain import events as e
from orchestrator.history.freeze_view import ms_of

BORNE_MS: Final = 1_000
"""What one second allows may come at once."""


@dataclass(slots=True)
class PlanPace:
    """One plan's, in ms: since 1970 as people are shown it, but for the rate, which goes by the ledger's clock."""

    not_before: int | None = None
    not_after: int | None = None
    every_ms: float | None = None
    has_started: bool = False
    next_at: float = 0.0
    """When the next start would be due, if every start kept to the rate."""

    @property
    def free_at(self) -> float:
        """From when on the next start keeps to the rate."""
        return self.next_at - max(BORNE_MS - (self.every_ms or 0.0), 0.0)

    def start(self, at: int | None) -> None:
        """A move starts; when, by the ledger's clock, if that is known."""
        self.has_started = True
        if self.every_ms is not None and at is not None:
            # The ledger keeps so many digits.
            self.next_at = round(max(self.next_at, float(at)) + self.every_ms, 3)


@dataclass(slots=True)
class PaceView:
    """The plans that say anything about it."""

    plans: dict[str, PlanPace] = field(default_factory=dict)

    def note(self, event: e.Event) -> None:
        """Moves on by one event."""
        match event:
            case e.PlanCreated() if event.starts_per_minute or event.not_before or event.not_after:
                self.plans[event.plan_id] = PlanPace(
                    ms_of(event.not_before) if event.not_before else None,
                    ms_of(event.not_after) if event.not_after else None,
                    60_000 / event.starts_per_minute if event.starts_per_minute else None,
                )
            case e.StartEvent() if event.plan_id in self.plans:
                self.plans[event.plan_id].start(event.ledger_clock_millis)
            case _:
                pass

    def forget(self, plan_id: str, _: Iterable[str]) -> None:
        """The plan is gone."""
        self.plans.pop(plan_id, None)
