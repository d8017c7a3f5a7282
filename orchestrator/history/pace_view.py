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

_BEGINS: Final = frozenset({"TaskStageStarted", "TaskStageRollingBack"})
_ENDS: Final = frozenset({"TaskStageSucceeded", "TaskStageFailed", "TaskStageRolledBack", "TaskStageRollbackFailed"})
_TELLS_LENGTH: Final = (e.TaskStageSucceeded, e.TaskStageRolledBack)
_STARTS: Final = ADMISSIONS - {"TaskRollingBack"}


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


@dataclass(frozen=True, slots=True)
class EarlyStart:
    """A move that starts before the rate lets it."""

    event: e.Event
    every_ms: float
    by_ms: float


@dataclass(slots=True)
class Instant:
    """What is told of one millisecond. It was longer, since Redis' clock was put back and what people are told stands
    still meanwhile, when something is told of it that takes longer: a start and the beginning by the worker that was
    sent a message, or a whole stage, by its own length where the log has that: one that does nothing may take less."""

    at: int = 0
    stands: bool = False
    early: list[EarlyStart] = field(default_factory=list)
    _started: set[str] = field(default_factory=set)
    _begun: set[str] = field(default_factory=set)
    _goes_on: bool = False
    """Whose stage has ended may have begun another task's in the same write."""

    def note(self, event: e.Event, task_id: str) -> None:
        """An event of a task, of this millisecond."""
        kind = event.type
        if kind in _STARTS:
            self._started.add(task_id)
        elif kind in _BEGINS:
            self.stands = self.stands or (task_id in self._started and not self._goes_on)
            self._goes_on = False
            self._begun.add(task_id)
        elif kind in _ENDS:
            # By the ledger's clock, which goes on while what is told stands still.
            took_time = not isinstance(event, _TELLS_LENGTH) or event.duration_millis > 0
            self.stands = self.stands or (task_id in self._begun and took_time)
            self._goes_on = True


@dataclass(slots=True)
class PaceView:
    """The plans that say anything about it."""

    plans: dict[str, PlanPace] = field(default_factory=dict)
    early: list[EarlyStart] = field(default_factory=list)
    """Those that no step of Redis' clock explains, until somebody has told them."""
    _instant: Instant = field(default_factory=Instant)

    def note(self, event: e.Event) -> None:
        """Moves on by one event."""
        at = ms_of(event.occurred_at)
        if at != self._instant.at:
            self._leave(at)
        match event:
            case e.PlanCreated() if event.starts_per_minute or event.not_before or event.not_after:
                self.plans[event.plan_id] = PlanPace(
                    ms_of(event.not_before) if event.not_before else None,
                    ms_of(event.not_after) if event.not_after else None,
                    60_000 / event.starts_per_minute if event.starts_per_minute else None,
                )
            case e.TaskEvent():
                self._instant.note(event, event.task_id)
                pace = self.plans.get(event.plan_id)
                if pace is not None and event.type in _STARTS:
                    if pace.every_ms is not None and (by_ms := pace.too_soon_by(at)) > 0:
                        self._instant.early.append(EarlyStart(event, pace.every_ms, by_ms))
                    pace.start(at)
            case _:
                pass

    def end(self) -> None:
        """The log is over: of its last millisecond nothing more is told."""
        self._leave(self._instant.at)

    def _leave(self, at: int) -> None:
        """What is told goes on, or back: then a clock was put right that had been wrong by more than a day."""
        if not self._instant.stands:
            self.early += self._instant.early
        if self._instant.stands or at < self._instant.at:
            for pace in self.plans.values():
                pace.next_at = 0.0
        self._instant = Instant(at)

    def forget(self, plan_id: str, _: Iterable[str]) -> None:
        """The plan is gone."""
        self.plans.pop(plan_id, None)
