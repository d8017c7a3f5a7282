"""What the fold of the log knows: one plan and one task, as their events tell them.

A wish (pause, cancel, rollback) is kept as the sequence id of the event that asked for it; 0 means not asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from orchestrator.domain.folded_fleet import FoldedPart, FoldedWave
from orchestrator.domain.status import TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.task_id import position_of
from orchestrator.domain.waves import WaveState

_FAILURES = frozenset({TaskState.FAILED, TaskState.ROLLBACK_FAILED})
_TAKEN_BACK = frozenset({TaskState.ROLLING_BACK, TaskState.ROLLED_BACK})


class QueueClass(IntEnum):
    """The classes of a plan's queue, first admitted first (I3)."""

    ROLLBACK = 0
    RESUMED = 1
    MOVE = 2
    RETRY = 3


@dataclass(slots=True)
class FoldedTask:
    """One task. ``whole`` is false when the log began after its creation; ``known`` says that its state is certain."""

    task_id: str
    plan_id: str
    tenant_id: str
    whole: bool = True
    known: bool = True
    state: TaskState = TaskState.PENDING
    pause_asked: int = 0
    cancel_asked: int = 0
    rollback_asked: int = 0
    holds: bool = False
    """Holds its tenant: admitted, and not ended since."""
    waiting: bool = False
    """Passed over, because its tenant is held elsewhere."""
    queued_as: QueueClass = QueueClass.MOVE
    attempt: int = 1
    goes_back: bool = False
    """Its last admission was for the way back."""
    recorded: list[str] = field(default_factory=list)
    """Stages recorded as succeeded in this attempt, in order."""
    rolled_back: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    """Stages that have begun in any attempt, in order; none once all of it is back."""
    to_roll_back: list[str] | None = None
    """Of its way back the stages that are left, in order, if the log tells."""
    stage: str = ""
    """The stage that has begun and is not recorded."""
    labels: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    """Of its tenant, as the plan gave them."""
    stage_started: int = 0
    """Sequence id of the event that began it."""
    last: int = 0
    """Sequence id of its newest event."""
    is_accepted: bool = False
    """Its failure does not count any more."""
    by_policy: bool = False
    """Its failure sends it back, as its plan declares."""
    is_sent_back: bool = False
    """Its plan's policy has taken it back."""
    skipped: list[str] = field(default_factory=list)
    """Stages that failed and that it went on behind."""
    wave: FoldedWave | None = None
    wave_index: int = 0

    @property
    def done(self) -> int:
        """Stages recorded in the direction that it goes, or went last."""
        return len(self.rolled_back if self.goes_back else self.recorded)

    @property
    def position(self) -> int:
        """Its place in the plan."""
        return position_of(self.task_id)


@dataclass(slots=True)
class FoldedPlan(FoldedPart):
    """One plan. ``created`` is the sequence id of its first event, 0 when the log began later; ``known`` says that its
    state is certain."""

    plan_id: str = ""
    created: int = 0
    known: bool = False
    name: str = ""
    total: int = 0
    max_concurrency: int = 0
    state: PlanState = PlanState.RUNNING
    pause_asked: int = 0
    cancel_asked: int = 0
    tasks: dict[str, FoldedTask] = field(default_factory=dict)
    active: dict[str, FoldedTask] = field(default_factory=dict)
    """Those that hold a slot, in the order in which they took it."""
    paused: set[str] = field(default_factory=set)
    """Ids of the tasks that the plan's own pause stopped."""
    plan_sequence: int = 0
    last: int = 0
    """Sequence id of its newest event."""
    waves: list[FoldedWave] = field(default_factory=list)
    auto_rollback: bool = False
    was_given_up: bool = False
    """It was cancelled as a whole, now or at any time."""
    back_waits: bool = False
    """Its policy has rolled it back last, and later waves wait for an answer to that."""
    retry_request: str = ""
    retried_since: int = 0
    """The retry of many that was asked for last: its request, and the first event of it."""
    begins_anew: bool = False
    """All that its breaker took back is to be moved again, by the retry that was asked for last: it lasts over what
    else is asked for, and over a breaker that trips, until it is seen to be over."""
    passed_at: int = 0
    """Sequence id of the event by which a wave was done with last."""
    tripped: str = ""
    """What followed when a breaker tripped, until somebody answers."""
    failed_wave: FoldedWave | None = None
    """The wave of the failure that has come last."""
    on_breach: str = "pause"
    """What it declares that follows when a breaker trips."""
    breach_action: str = "pause"
    """What follows should the failure that has come last trip one."""

    @property
    def undone_wave(self) -> FoldedWave | None:
        """The first wave that has never been done with."""
        return next((wave for wave in self.waves if wave.state is not WaveState.PASSED), None)

    def add(self, task: FoldedTask) -> None:
        """Takes a task that was not there."""
        self.tasks[task.task_id] = task
        self.counts[task.state] += 1

    def move(self, task: FoldedTask, state: TaskState) -> None:
        """One of its tasks changes its state."""
        self.counts[task.state] -= 1
        self.counts[state] += 1
        if task.wave is not None:
            task.wave.counts[task.state] -= 1
            task.wave.counts[state] += 1
        self._count_failure(task, state)
        task.state = state
        if state in TASK_ACTIVE:
            self.active.setdefault(task.task_id, task)
        else:
            self.active.pop(task.task_id, None)

    def _count_failure(self, task: FoldedTask, state: TaskState) -> None:
        if task.is_accepted:
            self.count(task, "accepted_failures", -1)
            task.is_accepted = False
        if state is TaskState.PENDING:
            self.note_sent_back(task, False)
        if task.skipped:
            # Failed all the same, it counts as that.
            self.count(task, "skipped", (task.state in _FAILURES) - (state in _FAILURES))
        if task.by_policy:
            self.count(task, "taken_back", (state in _TAKEN_BACK) - (task.state in _TAKEN_BACK))
            task.by_policy = state is not TaskState.PENDING

    def note_sent_back(self, task: FoldedTask, is_sent_back: bool) -> None:
        """Whether the plan's policy has taken the task back."""
        by = is_sent_back - task.is_sent_back
        self.count(task, "sent_back", by)
        task.is_sent_back = is_sent_back
        part: FoldedPart = task.wave or self
        if by < 0 and not part.sent_back and not self.tripped:
            # Nobody of it is left to be answered for.
            part.is_sent_back = False

    def count(self, task: FoldedTask, name: str, by: int) -> None:
        """Counts the task, in the plan and in its wave, into one of ``FoldedPart``'s numbers, or out of it."""
        for part in (self, task.wave):
            if part is not None:
                setattr(part, name, getattr(part, name) + by)
