"""What the fold knows of a plan and of its waves as parts with a breaker each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.events.fleet import ToleranceTold
from orchestrator.domain.status import TASK_ACTIVE, TASK_GIVEN_UP, TASK_OPEN, TaskState
from orchestrator.domain.waves import WaveState


@dataclass(slots=True)
class FoldedPart:
    """A plan or one of its waves: its tasks by state, and how many failures are borne (None: any number)."""

    counts: Counter[str] = field(default_factory=Counter)
    """Tasks by state."""
    tolerance: int | None = None
    is_strict: bool = False
    accepted: int = 0
    """How many failures a person's answers have added to what is borne."""
    accepted_failures: int = 0
    """How many of the failed do not count any more."""
    taken_back: int = 0
    """How many have failed and went back by their plan's policy: they still count."""
    skipped: int = 0
    """How many have left a failed stage out."""
    sent_back: int = 0
    """How many the plan's policy has taken back, and nobody has moved since."""
    is_sent_back: bool = False
    """Its breaker has taken it back, and nobody has answered for that."""
    to_trip: int = 0
    """Sequence id of the failure that is to trip its breaker in the same write; 0 for none."""

    @property
    def waits_for_answer(self) -> bool:
        """Somebody whom its breaker has taken back, or does, has not been moved again."""
        back = self.counts[TaskState.ROLLED_BACK] + self.counts[TaskState.ROLLING_BACK]
        return self.is_sent_back and back > 0 and self.sent_back > 0

    def bear(self, told: ToleranceTold | None) -> None:
        """Takes what was said when the plan was made."""
        if told is not None:
            self.tolerance, self.is_strict = told.count, told.mode == "strict"

    @property
    def failed(self) -> int:
        """How many count as failed."""
        failed = self.counts[TaskState.FAILED] + self.counts[TaskState.ROLLBACK_FAILED]
        return failed + self.taken_back - self.accepted_failures

    @property
    def active_count(self) -> int:
        """How many run, either way."""
        return sum(self.counts[state] for state in TASK_ACTIVE)

    @property
    def limit(self) -> int | None:
        """How many failures are borne by now."""
        return None if self.tolerance is None else self.tolerance + self.accepted

    @property
    def is_breached(self) -> bool:
        """More have failed than are borne."""
        return self.limit is not None and self.failed > self.limit

    def accept(self) -> None:
        """What has failed so far is borne besides."""
        if self.tolerance is not None:
            self.accepted = max(self.accepted, self.failed)

    def note_failure(self, sequence_id: int) -> None:
        """One more has failed, and is counted."""
        if self.limit is not None and self.failed == self.limit + 1:
            self.to_trip = sequence_id


@dataclass(slots=True)
class FoldedWave(FoldedPart):
    """One wave. ``going_back`` counts the rollbacks that are asked for of its tasks."""

    name: str = ""
    total: int = 0
    max_concurrency: int | None = None
    soak_seconds: float | None = None
    gate: str | None = None
    state: WaveState = WaveState.PENDING
    until: datetime | None = None
    """When its soak is over."""
    is_soaked: bool = False
    is_approved: bool = False
    going_back: int = 0
    has_begun: bool = False
    """A stage of one of its tasks has started, whatever has become of that since."""

    @property
    def has_ended(self) -> bool:
        """Nothing of it is open."""
        return not self.going_back and not any(self.counts[state] for state in TASK_OPEN)

    @property
    def is_given_up(self) -> bool:
        """Nobody of it moves, or has and is not back."""
        return not any(number for state, number in self.counts.items() if state not in TASK_GIVEN_UP)

    @property
    def has_moved(self) -> bool:
        """Somebody is there to be judged by, taken back or given up since as well."""
        moved = (TaskState.COMPLETED, TaskState.FAILED, TaskState.ROLLBACK_FAILED, TaskState.ROLLED_BACK)
        return self.has_begun or any(self.counts[state] for state in moved)
