"""When each plan's moves may start, as the log tells it: from when, until when the first, and how many a minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import ADMISSIONS
from orchestrator.history.freeze_view import ms_of

BORNE_MS: Final = 1_000
"""What one second allows may come at once."""

UNSEEN_MS: Final = 5_000
"""The rate goes by the ledger's own clock, which the log does not tell: a small step of Redis' clock is not seen."""

STANDING: Final = 30
"""So many events of one millisecond: Redis' clock was put back, and what people are told stands still meanwhile."""


@dataclass(slots=True)
class PlanPace:
    """One plan's, in ms since 1970."""

    not_before: int | None = None
    not_after: int | None = None
    every_ms: float | None = None
    has_started: bool = False
    next_at: float = 0.0
    """When the next start would be due, if every start kept to the rate."""

    def too_soon_by(self, at: int) -> float:
        """By how many ms a start at this moment exceeds the rate."""
        if self.every_ms is None:
            return 0.0
        return self.next_at - max(BORNE_MS - self.every_ms, 0.0) - UNSEEN_MS - at

    def start(self, at: int) -> None:
        """A move starts."""
        self.has_started = True
        if self.every_ms is not None:
            self.next_at = max(self.next_at, float(at)) + self.every_ms


@dataclass(slots=True)
class PaceView:
    """The plans that say anything about it."""

    plans: dict[str, PlanPace] = field(default_factory=dict)
    _at: int = 0
    _at_once: int = 0

    def note(self, event: e.Event) -> None:
        """Moves on by one event."""
        at = ms_of(event.occurred_at)
        self._at_once = self._at_once + 1 if at == self._at else 1
        self._at = at
        if self._at_once > STANDING:
            for pace in self.plans.values():
                pace.next_at = 0.0
        match event:
            case e.PlanCreated() if event.starts_per_minute or event.not_before or event.not_after:
                self.plans[event.plan_id] = PlanPace(
                    ms_of(event.not_before) if event.not_before else None,
                    ms_of(event.not_after) if event.not_after else None,
                    60_000 / event.starts_per_minute if event.starts_per_minute else None,
                )
            case e.TaskEvent() if event.plan_id in self.plans and event.type in ADMISSIONS - {"TaskRollingBack"}:
                self.plans[event.plan_id].start(at)
            case _:
                pass

    def forget(self, plan_id: str, _: Iterable[str]) -> None:
        """The plan is gone."""
        self.plans.pop(plan_id, None)
