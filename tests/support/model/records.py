"""What the model keeps: tasks, tenants, plans with their waves and limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain.status import TASK_ACTIVE, TASK_GIVEN_UP, TASK_OPEN, PlanState, TaskState
from orchestrator.domain.waves import WaveState
from orchestrator.fleet.rules import Tolerance

T, P = TaskState, PlanState
Answer = tuple[str, str]
"""Code, and the word for why ('' when accepted)."""
ACCEPTED: Final[Answer] = ("ACCEPTED", "")
MAX_RETRY: Final = 3
MAX_RECOVERIES: Final = 5
FAILURES: Final = frozenset((T.FAILED, T.ROLLBACK_FAILED))
WHOLE: Final = ", whole"
"""Of a last known good config: as a way back writes it down, with all that was left out."""
Mark = tuple[tuple[str, int], str, str]
"""Of a tenant: who moved it last, what it is, its last known good config."""


@dataclass
class Task:
    id: str
    plan: Plan
    position: int
    tenant: Tenant
    snapshot: bool
    legs: int
    status: TaskState = T.PENDING
    pause: bool = False
    cancel: bool = False
    rollback: bool = False
    by_plan: bool = False
    forced: bool = False
    stage: int = 0
    touched: int = 0
    turn: int = 0
    lease: str = ""
    begun: bool = False
    """The due stage has started."""
    started: bool = False
    """Admitted in this attempt."""
    retrying: str = ""
    retries: int = 0
    recoveries: int = 0
    epoch: int = 0
    rank: tuple[int, int, int] = (2, 0, 0)
    """Class; 0 for those of the first two classes that hold their tenant, else 1; place in it."""
    queued: bool = True
    ticket: int = 0
    """Of a wait that stood back from its line."""
    frozen: str = ""
    """The freeze that it waits for."""
    frozen_told: bool = False
    passes_freezes: bool = False
    checkpoint: bool = False
    accepted: bool = False
    """Its failure does not count any more."""
    skipped: list[int] = field(default_factory=list)
    """Stages that a person let it go on behind although they failed."""
    by_policy: bool = False
    """Its plan takes it back, or has, by itself: it counts as failed until it is moved again."""
    sent_back: bool = False
    """Its plan's policy took it back, and it has not been moved again."""
    soak_failed: bool = False
    seen: Mark | None = None
    """What a preview that binds its plan has shown of the tenant."""
    old: str = ""
    """What it would go back to, by whose config that is."""
    previous_mover: tuple[str, int] | None = None
    wave: Wave | None = None

    @property
    def fails(self) -> bool:
        """It counts against tolerances."""
        return self.has_failed or self.is_taken_back

    @property
    def has_failed(self) -> bool:
        """And nobody has accepted it."""
        return self.status in FAILURES and not self.accepted

    @property
    def is_taken_back(self) -> bool:
        """By its plan's policy, or on the way."""
        return self.by_policy and self.status in (T.ROLLING_BACK, T.ROLLED_BACK)


@dataclass
class Tenant:
    id: str
    holder: str | None = None
    last_mover: tuple[str, int] = ("", 0)
    good: str = ""
    """The last known good config, by whose it is and how it was written down; "" for none: every stage of these runs
    confirms health."""
    current: str = ""
    """What it is since its last whole move or way back, by whose config it has."""
    line: list[tuple[int, int, str]] = field(default_factory=list)
    """Rollbacks first, then tickets."""

    @property
    def mark(self) -> Mark:
        """What a preview shows of it."""
        return self.last_mover, self.current, self.good


@dataclass
class Retry:
    """Of a plan: how it was asked, and how often each task that had failed by then had been retried."""

    from_scratch: bool
    force: bool
    override: bool
    failed: dict[str, int]


@dataclass
class Limits:
    """Of a plan or one of its waves. ``borne`` failures, more with every acceptance; None: any number."""

    tasks: list[Task] = field(default_factory=list)
    most: int = 10**9
    tolerance: int | None = None
    strict: bool = False
    accepted: int = 0
    sent_back: bool = False
    """Its breaker has taken it back, and nobody has answered for that."""

    @property
    def waits_for_answer(self) -> bool:
        back = (T.ROLLED_BACK, T.ROLLING_BACK)
        is_any_back = any(task.rollback or task.status in back for task in self.tasks)
        return self.sent_back and is_any_back and any(task.sent_back for task in self.tasks)

    def bear(self, tolerance: Tolerance | None) -> None:
        if tolerance is not None:
            self.tolerance, self.strict = tolerance.count, tolerance.strict

    @property
    def failed(self) -> int:
        return sum(task.fails for task in self.tasks)

    @property
    def breached(self) -> bool:
        return self.tolerance is not None and self.failed > self.tolerance + self.accepted

    def bears_one_more(self) -> bool:
        active = sum(task.status in TASK_ACTIVE for task in self.tasks)
        if active >= self.most or self.breached:
            return False
        return self.tolerance is None or not self.strict or self.failed + active <= self.tolerance + self.accepted


@dataclass
class Wave(Limits):
    index: int = 0
    gate: bool = False
    has_begun: bool = False
    """A stage of it has started, whatever has become of that since."""
    soaks: bool = False
    doubted: set[str] = field(default_factory=set)
    """Tasks that were not there in the last look."""
    state: WaveState = WaveState.PENDING

    @property
    def has_moved(self) -> bool:
        """Somebody is there to be judged by, taken back or given up since as well."""
        return self.has_begun or any(task.status is T.FAILED for task in self.tasks)

    @property
    def has_completed(self) -> bool:
        return any(task.status is T.COMPLETED for task in self.tasks)

    @property
    def has_ended(self) -> bool:
        return not any(task.status in TASK_OPEN or task.rollback for task in self.tasks)

    @property
    def has_to_wait(self) -> bool:
        """For its soak or its gate, once its tasks have ended."""
        return self.has_moved and (self.gate or (self.soaks and self.has_completed))


@dataclass
class Plan(Limits):
    id: str = ""
    slots: int = 1
    stages: int = 1
    waves: list[Wave] = field(default_factory=list)
    on_breach: str = "pause"
    auto_rollback: bool = False
    moved: bool = False
    """A draft: one of its tenants is not any more as its preview has shown it."""
    by_gate: bool = False
    """Paused by a rejected gate, and by nobody since: its approval lets it go on."""
    tripped: str = ""
    takes_back: list[Limits] = field(default_factory=list)
    """The waves (the plan, if it has none) that its breakers take back, left to a coordinator."""
    was_given_up: bool = False
    """It was cancelled as a whole, now or at any time."""
    was_started: bool = False

    status: PlanState = P.READY
    pause: bool = False
    cancel: bool = False
    forced: bool = False
    given_up: bool = False
    back_by_policy: bool = False
    """It goes back as its breaker asked."""
    chunks: str = ""
    """The chunk work left to a coordinator: '', cancel or rollback."""
    passes_freezes: bool = False
    retry: Retry | None = None
    """The failed tasks that are left to a coordinator to retry."""

    @property
    def parts(self) -> list[Limits]:
        return [self, *self.waves]

    @property
    def passed(self) -> int:
        """The place of the first wave that is not done with."""
        undone = (wave.index for wave in self.waves if wave.state is not WaveState.PASSED)
        return next(undone, len(self.waves))

    @property
    def undone(self) -> Wave | None:
        """The wave that has not been done with yet."""
        return self.waves[self.passed] if self.passed < len(self.waves) else None

    @property
    def open_wave(self) -> int:
        """The first that is not done with, or has a task that is moved again."""
        undone = (
            wave.index
            for wave in self.waves[: self.passed]
            if not wave.has_ended or wave.breached or wave.waits_for_answer
        )
        return min(undone, default=self.passed)

    def lets_nobody_on(self, wave: Wave) -> bool:
        """Of a plan that was cancelled as a whole: nobody behind it moves, or has and is not back."""
        behind = self.waves[wave.index + 1 :]
        moves = any(task.status not in TASK_GIVEN_UP for one in behind for task in one.tasks)
        return self.was_given_up and bool(behind) and not moves

    def has_open(self) -> bool:
        return any(task.status in TASK_OPEN or task.rollback for task in self.tasks)
