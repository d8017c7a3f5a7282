"""The rules of the design as plain Python, without Redis: what an operation answers, what follows, which events.

Written from ``design.md`` sections 2 to 6, not from the scripts, and compared with them after every step of a random
run. Time is left out: what a sweep finds overdue is said by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, TASK_ENDED, TASK_OPEN, PlanState, TaskState
from orchestrator.domain.transitions import PLAN_MOVES, TASK_MOVES, Trigger
from orchestrator.domain.waves import WAVE_DONE, WaveState
from orchestrator.fleet.rules import NO_RULES, FleetRules, Tolerance

T, P = TaskState, PlanState
Answer = tuple[str, str]
"""Code, and the word for why ('' when accepted)."""
ACCEPTED: Final[Answer] = ("ACCEPTED", "")
MAX_RETRY: Final = 3
MAX_RECOVERIES: Final = 5


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
    previous_mover: tuple[str, int] | None = None
    wave: Wave | None = None

    @property
    def fails(self) -> bool:
        """It counts against tolerances."""
        return self.status in (T.FAILED, T.ROLLBACK_FAILED)


@dataclass
class Tenant:
    id: str
    holder: str | None = None
    last_mover: tuple[str, int] = ("", 0)
    good: bool = False
    """A last known good config is there: every stage of these runs confirms health."""
    line: list[tuple[int, int, str]] = field(default_factory=list)
    """Rollbacks first, then tickets."""


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
    soaks: bool = False
    doubted: set[str] = field(default_factory=set)
    """Tasks that were not there in the last look."""
    state: WaveState = WaveState.PENDING

    @property
    def has_ended(self) -> bool:
        return not any(task.status in TASK_OPEN or task.rollback for task in self.tasks)


@dataclass
class Plan(Limits):
    id: str = ""
    slots: int = 1
    stages: int = 1
    waves: list[Wave] = field(default_factory=list)
    on_breach: str = "pause"
    tripped: str = ""
    takes_back: Wave | Plan | None = None
    """The wave (the plan, if it has none) that its breaker takes back, left to a coordinator."""
    taken_back: Wave | Plan | None = None
    passed: int = 0
    was_started: bool = False

    @property
    def parts(self) -> list[Limits]:
        return [self, *self.waves]

    @property
    def undone(self) -> Wave | None:
        """The wave that has not been done with yet."""
        return self.waves[self.passed] if self.passed < len(self.waves) else None

    @property
    def open_wave(self) -> int:
        """The first that is not done with, or has a task that is moved again."""
        undone = (wave.index for wave in self.waves[: self.passed] if not wave.has_ended or wave.breached)
        return min(undone, default=self.passed)

    def has_open(self) -> bool:
        return any(task.status in TASK_OPEN or task.rollback for task in self.tasks)

    status: PlanState = P.READY
    pause: bool = False
    cancel: bool = False
    forced: bool = False
    given_up: bool = False
    chunks: str = ""
    """The chunk work left to a coordinator: '', cancel or rollback."""
    passes_freezes: bool = False
    retry: Retry | None = None
    """The failed tasks that are left to a coordinator to retry."""


class Model:
    """All plans of a namespace; ``events`` are (type, task or plan id), in order."""

    def __init__(self, retried_at_once: int) -> None:
        self.retried_at_once = retried_at_once
        """Failed tasks that a plan's retry takes back in the call; of more, coordinators take back all."""
        self.plans: dict[str, Plan] = {}
        self.tasks: dict[str, Task] = {}
        self.tenants: dict[str, Tenant] = {}
        self.events: list[tuple[str, str]] = []
        self.freezes: dict[str, tuple[frozenset[str], bool]] = {}
        """Those in force, in the order in which they were set: whom they stop, and whether rollbacks too."""
        self.thawing: dict[str, set[str]] = {}
        """Tasks that are to be looked at anew, by the freeze that they wait for."""
        self.epoch = 0
        self.ticket = 0
        self._tripped: list[Limits] = []

    # Submit

    def submit(
        self,
        plan_id: str,
        tenants: list[str],
        stages: int,
        slots: int,
        *,
        snapshot: bool,
        rules: FleetRules = NO_RULES,
        wave_of: Sequence[int] = (),
    ) -> None:
        plan = self.plans[plan_id] = Plan(id=plan_id, slots=slots, stages=stages, on_breach=rules.on_breach)
        plan.bear(rules.tolerance)
        for index, told in enumerate(rules.waves):
            wave = Wave(
                index=index,
                most=told.max_concurrency or 10**9,
                gate=bool(told.gate),
                soaks=told.soak_seconds is not None,
            )
            wave.bear(told.tolerance)
            plan.waves.append(wave)
        self._say("PlanCreated", plan_id)
        for position, name in enumerate(tenants):
            tenant = self.tenants.setdefault(name, Tenant(name))
            task = Task(f"{plan_id}.{position}", plan, position, tenant, snapshot, stages, rank=(2, 1, position))
            plan.tasks.append(task)
            if wave_of:
                task.wave = plan.waves[wave_of[position]]
                task.wave.tasks.append(task)
            self.tasks[task.id] = task
            self._say("TaskCreated", task.id)
        self._say("PlanReady", plan_id)

    # Coordinator

    def serve(self, plan_id: str) -> list[str]:
        """Admits what can be admitted, then does the chunks, then admits again."""
        plan = self.plans[plan_id]
        admitted = self._admit_all(plan)
        if plan.chunks or plan.retry or plan.takes_back:
            if plan.chunks:
                self._do_chunks(plan)
            if plan.retry:
                self._do_retry(plan, plan.retry)
            if plan.takes_back:
                self._take_wave_back(plan, plan.takes_back)
            admitted += self._admit_all(plan)
        return admitted

    def _admit_all(self, plan: Plan) -> list[str]:
        if plan.status is P.READY and not plan.cancel:
            plan.status = P.RUNNING
            plan.was_started = True
            self._say("PlanStarted", plan.id)
        self._settle_waves(plan)
        admitted: list[str] = []
        while (task := self._admit_next(plan)) is not None:
            admitted.append(task.id)
        return admitted

    def _admit_next(self, plan: Plan, *, serves: bool = True) -> Task | None:
        """Looks at the queue's head until a task may start; it does, unless the caller does not serve it."""
        while self.free_slots(plan) > 0 and (queue := self.queue(plan)):
            task = queue[0]
            if not self._plan_admits(task) or not self._may_start(task, goes_on=task.started):
                break
            if self._has_to_wait(task):
                if plan.slots > 1:
                    task.queued = False
                    continue
                # Nobody is passed over, but by one that waits for nobody.
                holders = [other for other in queue if other.rank[:2] == (1, 0) and self._plan_admits(other)]
                holders = [other for other in holders if not self._frozen_by(other)]
                if not holders or not self._may_start(holders[0], goes_on=True):
                    break
                task = holders[0]
            if self._goes_on_from_before(task) and not task.forced and self._moved_since(task):
                self._give_up(task)
                continue
            if not serves:
                break
            self._admit(task)
            return task
        return None

    def _has_to_wait(self, task: Task) -> bool:
        if freeze_id := self._frozen_by(task):
            self._wait_frozen(task, freeze_id)
            return True
        if self._in_front_of(task):
            self._join_line(task)
            return True
        return False

    # Freezes

    def freeze(self, freeze_id: str, tenants: frozenset[str], *, rollbacks_too: bool) -> None:
        self.freezes[freeze_id] = (tenants, rollbacks_too)
        self._say("FreezeSet", "")

    def unfreeze(self, freeze_id: str) -> None:
        self._say("FreezeLifted", "")
        del self.freezes[freeze_id]
        self._mark_thawing(freeze_id)

    def override(self, plan: Plan) -> Answer:
        if plan.passes_freezes:
            return "NOOP", "passes-freezes"
        if plan.status in PLAN_ENDED:
            return "REFUSED", "state"
        self._say("OperationRequested", plan.id)
        plan.passes_freezes = True
        for freeze_id in self.freezes:
            self._mark_thawing(freeze_id)
        return ACCEPTED

    def thaw(self) -> None:
        """The sweep's look at those whose freeze has ended."""
        for freeze_id, waiting in self.thawing.items():
            for task_id in waiting:
                task = self.tasks[task_id]
                if task.frozen == freeze_id:
                    task.frozen, task.queued = "", True
        self.thawing.clear()

    def _mark_thawing(self, freeze_id: str) -> None:
        if waiting := {task.id for task in self.tasks.values() if task.frozen == freeze_id}:
            self.thawing[freeze_id] = waiting

    def _frozen_by(self, task: Task) -> str:
        if task.passes_freezes or task.plan.passes_freezes:
            return ""
        for freeze_id, (tenants, rollbacks_too) in self.freezes.items():
            if task.tenant.id in tenants and (rollbacks_too or not task.rollback):
                return freeze_id
        return ""

    def _wait_frozen(self, task: Task, freeze_id: str) -> None:
        if task.frozen == freeze_id:
            return
        for entry in [entry for entry in task.tenant.line if entry[2] == task.id]:
            task.tenant.line.remove(entry)
            task.ticket = entry[1]
        self._unmark(task)
        task.frozen = freeze_id
        if not task.frozen_told:
            self._say("TaskWaiting", task.id)
        task.frozen_told = True

    def _unmark(self, task: Task) -> None:
        """It waits for its freeze no more: should it come again, it is another wait."""
        for waiting in self.thawing.values():
            waiting.discard(task.id)
        task.frozen = ""

    def _do_chunks(self, plan: Plan) -> None:
        if plan.chunks == "cancel":
            for task in plan.tasks:
                if task.status in (T.PENDING, T.PAUSED) and not task.rollback:
                    self._cancel(task)
            plan.chunks = ""
            return
        for task in reversed(plan.tasks):
            if task.rollback or task.status is T.ROLLING_BACK:
                continue
            if task.touched and task.snapshot:
                self._say("OperationRequested", task.id)
                self._request_rollback(task, plan.forced)
                continue
            if task.touched:
                # Nowhere to go back to: it stays as it is, and is named.
                self._say("OperationRequested", task.id)
                plan.given_up = True
            if task.status in (T.PENDING, T.PAUSED):
                self._cancel(task)
        plan.chunks = ""
        self._settle(plan)

    def _do_retry(self, plan: Plan, asked: Retry) -> None:
        plan.retry = None
        for task in plan.tasks:
            if task.status is T.FAILED and asked.failed.get(task.id) == task.retries:
                self._retry_of_plan(task, asked)
        self._settle(plan)

    def _take_wave_back(self, plan: Plan, part: Limits) -> None:
        plan.takes_back = None
        for task in reversed(part.tasks):
            if task.touched and task.snapshot and not task.rollback and task.status is not T.ROLLING_BACK:
                self._say("OperationRequested", task.id)
                self._request_rollback(task, False)
        self._settle(plan)

    def wake_lines(self) -> None:
        """The sweep's look at the lines of free tenants."""
        for tenant in self.tenants.values():
            if tenant.holder is None:
                self._wake(tenant)

    # Worker

    def begin(self, task: Task) -> str:
        if not task.begun and task.turn == 0 and (stopped := self._boundary(task)):
            return stopped
        task.lease = "running"
        if not task.begun:
            task.begun = True
            forward = task.status is T.RUNNING
            if task.tenant.last_mover[0] != task.id:
                task.previous_mover = task.tenant.last_mover if forward else None
            task.tenant.last_mover = (task.id, task.epoch)
            if forward:
                task.touched = max(task.touched, task.stage + 1)
            self._say("TaskStageStarted" if forward else "TaskStageRollingBack", task.id)
        return "BEGUN"

    def poll(self, task: Task) -> str:
        task.turn += 1
        task.lease = "queued"
        return "AGAIN"

    def succeed(self, task: Task) -> str:
        forward = task.status is T.RUNNING
        task.stage, task.turn, task.begun, task.recoveries = task.stage + 1, 0, False, 0
        self._say("TaskStageSucceeded" if forward else "TaskStageRolledBack", task.id)
        turns = forward and (task.rollback or (task.plan.status is P.ROLLING_BACK and task.snapshot))
        if task.stage == task.legs and not turns:
            self._move(task, Trigger.COMPLETE if forward else Trigger.ROLLBACK_DONE)
            task.checkpoint = False
            task.tenant.good = True
            if not forward:
                task.touched = 0
                if task.previous_mover is not None:
                    task.tenant.last_mover = task.previous_mover
            task.previous_mover = task.previous_mover if forward else None
            self._end(task, "TaskCompleted" if forward else "TaskRolledBack")
            return task.status
        task.checkpoint = True
        if stopped := self._boundary(task):
            return stopped
        task.lease = "queued"
        return "NEXT"

    def advance(self, task: Task, *, serves: bool = True) -> tuple[str, str]:
        """A good end, and what follows begun in the same write: the next stage, or another task of the plan."""
        ended = self.succeed(task)
        if ended == "NEXT":
            return self.begin(task), ""
        successor = self._admit_next(task.plan, serves=serves) if ended != "ROLLING_BACK" else None
        if successor is not None:
            assert self.begin(successor) == "BEGUN"
        return ended, "" if successor is None else successor.id

    def fail(self, task: Task) -> str:
        forward = task.status is T.RUNNING
        if task.begun:
            self._say("TaskStageFailed" if forward else "TaskStageRollbackFailed", task.id)
        self._move(task, Trigger.FAIL if forward else Trigger.ROLLBACK_FAIL)
        self._trips_by(task)
        self._end(task, "TaskFailed" if forward else "TaskRollbackFailed")
        return task.status

    def lose_worker(self, task: Task) -> None:
        """The sweep finds the running lease overdue."""
        task.recoveries += 1
        if task.recoveries > MAX_RECOVERIES:
            self.fail(task)
            return
        task.epoch = self._next_epoch()
        self._say("TaskRecovered", task.id)
        if not self._boundary(task):
            task.lease = "queued"

    def lose_message(self, task: Task) -> None:
        """The sweep finds the queued lease overdue."""
        if not task.begun:
            self._boundary(task)

    # People

    def ask(
        self, operation: str, target: str, *, from_scratch: bool = False, force: bool = False, override: bool = False
    ) -> Answer:
        if target in self.plans:
            plan = self.plans[target]
            if operation == "retry":
                return self._retry_plan(plan, Retry(from_scratch, force, override, {}))
            answer: Answer = getattr(self, f"_{operation}_plan")(plan, force)
            return answer
        task = self.tasks[target]
        if operation == "retry":
            return self._retry_task(task, Retry(from_scratch, force, override, {}))
        answer = getattr(self, f"_{operation}_task")(task, force)
        return answer

    def _pause_plan(self, plan: Plan, _: bool) -> Answer:
        if plan.status is P.PAUSED:
            return "NOOP", "paused"
        if (plan.status, Trigger.PAUSE) not in PLAN_MOVES:
            return "REFUSED", "state"
        if plan.cancel:
            return "REFUSED", "cancel-requested"
        if plan.pause:
            return "NOOP", "pausing"
        self._say("OperationRequested", plan.id)
        plan.pause = True
        self._settle(plan)
        return ACCEPTED

    def _resume_plan(self, plan: Plan, accepts: bool) -> Answer:
        breached = any(part.breached for part in plan.parts)
        if not plan.pause and not (accepts and breached):
            return ("NOOP", "running") if plan.status in (P.READY, P.RUNNING) else ("REFUSED", "state")
        if plan.status not in (P.READY, P.RUNNING, P.PAUSED):
            return "REFUSED", "state"
        if plan.cancel:
            return "REFUSED", "cancel-requested"
        if plan.takes_back:
            return "REFUSED", "takes-wave-back"
        if breached and not accepts and plan.retry is None:
            return "REFUSED", "breached"
        if plan.taken_back and not accepts and any(t.status is T.ROLLED_BACK for t in plan.taken_back.tasks):
            return "REFUSED", "wave-taken-back"
        self._say("OperationRequested", plan.id)
        plan.pause, plan.tripped, plan.taken_back = False, "", None
        if accepts:
            for part in plan.parts:
                part.accepted = max(part.accepted, part.failed) if part.tolerance is not None else 0
        if plan.status is P.PAUSED:
            plan.status = P.RUNNING
            plan.was_started = True
            self._say("PlanResumed", plan.id)
        for task in plan.tasks:
            if task.by_plan:
                self._resume(task)
        if (wave := plan.undone) is not None and wave.state is WaveState.REJECTED:
            self._ask_gate(plan, wave)
        self._settle_waves(plan)
        return ACCEPTED

    def answer_gate(self, plan: Plan, approves: bool) -> Answer:
        """Of the wave that waits for it."""
        wave = plan.undone
        if plan.status not in (P.READY, P.RUNNING, P.PAUSED):
            return "REFUSED", "state"
        if plan.cancel:
            return "REFUSED", "cancel-requested"
        if wave is None:
            return "REFUSED", "gate-not-asked"
        if wave.state not in (WaveState.GATED, WaveState.REJECTED):
            return "REFUSED", "gate-not-asked"
        if not approves and wave.state is WaveState.REJECTED:
            return "NOOP", "gate-rejected"
        self._say("PlanGateApproved" if approves else "PlanGateRejected", plan.id)
        if approves:
            self._pass_wave(plan, wave)
            self._settle_waves(plan)
        else:
            wave.state = WaveState.REJECTED
            if not plan.pause:
                self._say("OperationRequested", plan.id)
                plan.pause = True
        self._settle(plan)
        return ACCEPTED

    def _cancel_plan(self, plan: Plan, _: bool) -> Answer:
        if plan.status is P.CANCELLED:
            return "NOOP", "cancelled"
        if (plan.status, Trigger.CANCEL) not in PLAN_MOVES:
            return "REFUSED", "state"
        if plan.cancel:
            return "NOOP", "cancelling"
        self._say("OperationRequested", plan.id)
        self._begin_cancel(plan)
        return ACCEPTED

    @staticmethod
    def _begin_cancel(plan: Plan) -> None:
        plan.cancel, plan.chunks, plan.retry, plan.takes_back = True, "cancel", None, None

    def _rollback_plan(self, plan: Plan, force: bool) -> Answer:
        if plan.status is P.ROLLING_BACK:
            return "NOOP", "rolling-back"
        if plan.status is P.ROLLED_BACK and all(task.status is not T.COMPLETED for task in plan.tasks):
            return "NOOP", "rolled-back"
        self._say("OperationRequested", plan.id)
        self._begin_rollback(plan, force)
        return ACCEPTED

    def _begin_rollback(self, plan: Plan, force: bool) -> None:
        plan.status, plan.chunks, plan.forced = P.ROLLING_BACK, "rollback", force
        plan.pause = plan.cancel = plan.given_up = False
        plan.retry = plan.takes_back = None
        plan.was_started = True
        self._say("PlanRollingBack", plan.id)

    def _retry_plan(self, plan: Plan, asked: Retry) -> Answer:
        if plan.status is P.ROLLING_BACK:
            return "REFUSED", "state"
        if plan.cancel and plan.status is not P.CANCELLED:
            return "REFUSED", "cancel-requested"
        if plan.retry:
            is_same = replace(plan.retry, failed={}) == asked
            return ("NOOP", "retrying") if is_same else ("REFUSED", "retrying-otherwise")
        failed = [task for task in plan.tasks if task.status is T.FAILED]
        if not failed:
            return "REFUSED", "none-failed"
        asked = replace(asked, failed={task.id: task.retries for task in failed})
        at_once = len(failed) <= self.retried_at_once
        if at_once and all(self._retry_refusal(task, asked.from_scratch, asked.force) for task in failed):
            return "REFUSED", "retried"
        self._say("OperationRequested", plan.id)
        self._reopen(plan)
        if not at_once:
            plan.retry = asked
            return ACCEPTED
        for task in failed:
            self._retry_of_plan(task, asked)
        return "ACCEPTED", "retried"

    def _retry_of_plan(self, task: Task, asked: Retry) -> None:
        if not self._retry_refusal(task, asked.from_scratch, asked.force):
            self._say("OperationRequested", task.id)
            self._retry(task, asked)

    def _forbidden(self, task: Task) -> str:
        if task.status in TASK_ENDED or task.status is T.ROLLING_BACK:
            return ""
        if task.plan.status is P.ROLLING_BACK:
            return "plan-rolling-back"
        return "plan-cancelled" if task.plan.cancel else ""

    def _pause_task(self, task: Task, _: bool) -> Answer:
        if task.rollback:
            return "REFUSED", "rollback-requested"
        if forbidden := self._forbidden(task):
            return "REFUSED", forbidden
        match task.status:
            case T.PAUSED if not task.by_plan:
                return "NOOP", "paused"
            case T.PAUSED:
                self._say("OperationRequested", task.id)
                task.by_plan = False
            case T.RUNNING if task.cancel:
                return "REFUSED", "cancel-requested"
            case T.RUNNING if task.pause:
                return "NOOP", "pausing"
            case T.RUNNING:
                self._say("OperationRequested", task.id)
                task.pause = True
                return self._asked_of_running(task)
            case T.PENDING:
                self._say("OperationRequested", task.id)
                self._stop_waiting(task)
                self._settle(task.plan)
            case _:
                return "REFUSED", "state"
        return ACCEPTED

    def _resume_task(self, task: Task, _: bool) -> Answer:
        if task.rollback:
            return "REFUSED", "rollback-requested"
        if forbidden := self._forbidden(task):
            return "REFUSED", forbidden
        match task.status:
            case T.RUNNING if task.pause:
                self._say("OperationRequested", task.id)
                task.pause = False
            case T.RUNNING:
                return "NOOP", "running"
            case T.PENDING:
                return "NOOP", "waiting"
            case T.PAUSED:
                self._say("OperationRequested", task.id)
                self._resume(task)
            case _:
                return "REFUSED", "state"
        return ACCEPTED

    def _cancel_task(self, task: Task, _: bool) -> Answer:
        reached = task.rollback and task.status is not T.RUNNING
        if self._forbidden(task) == "plan-rolling-back" and task.touched and not reached:
            return "REFUSED", "plan-rolling-back"
        if task.rollback:
            self._say("OperationRequested", task.id)
            self._give_up_rollback(task)
            return "ACCEPTED", "withdrawn"
        match task.status:
            case T.CANCELLED:
                return "NOOP", "cancelled"
            case T.RUNNING if task.cancel:
                return "NOOP", "cancelling"
            case T.RUNNING:
                self._say("OperationRequested", task.id)
                task.cancel = True
                return self._asked_of_running(task)
            case T.PENDING | T.PAUSED:
                self._say("OperationRequested", task.id)
                self._cancel(task)
            case _:
                return "REFUSED", "state"
        return ACCEPTED

    @staticmethod
    def _asked_of_running(task: Task) -> Answer:
        """In its last stage there is no boundary left to stop at."""
        return ("ACCEPTED", "last-stage") if task.begun and task.stage == task.legs - 1 else ACCEPTED

    def _rollback_task(self, task: Task, force: bool) -> Answer:
        if task.rollback:
            return "NOOP", "rollback-requested"
        if task.status is T.ROLLING_BACK:
            return "NOOP", "rolling-back"
        if task.status is T.ROLLED_BACK:
            return "NOOP", "rolled-back"
        if not task.touched:
            return "REFUSED", "touched-nothing"
        if not task.snapshot:
            return "REFUSED", "no-snapshot"
        if self._moved_since(task) and not force:
            return "REFUSED", "moved"
        self._say("OperationRequested", task.id)
        self._reopen(task.plan)
        self._request_rollback(task, force)
        return ACCEPTED

    def _retry_task(self, task: Task, asked: Retry) -> Answer:
        if refusal := self._retry_refusal(task, asked.from_scratch, asked.force):
            return refusal
        self._say("OperationRequested", task.id)
        self._reopen(task.plan)
        self._retry(task, asked)
        return ACCEPTED

    def _retry_refusal(self, task: Task, from_scratch: bool, force: bool) -> Answer | None:
        if (task.status, Trigger.RETRY) not in TASK_MOVES:
            return ("NOOP", "waiting") if task.status is T.PENDING and task.retrying else ("REFUSED", "state")
        if task.rollback:
            return "REFUSED", "rollback-requested"
        if task.plan.status is P.ROLLING_BACK:
            return "REFUSED", "plan-rolling-back"
        if task.plan.cancel and task.plan.status is not P.CANCELLED:
            return "REFUSED", "plan-cancelled"
        if task.status is not T.FAILED and not from_scratch:
            return "REFUSED", "scratch-only"
        if task.retries >= MAX_RETRY:
            return "REFUSED", "max-retry"
        if self._moved_since(task) and not force:
            return "REFUSED", "moved"
        return None

    def _retry(self, task: Task, asked: Retry) -> None:
        self._move(task, Trigger.RETRY)
        task.retries += 1
        task.retrying = "scratch" if asked.from_scratch else "checkpoint"
        task.started, task.legs, task.recoveries = False, task.plan.stages, 0
        task.forced = task.forced or asked.force
        task.passes_freezes = task.passes_freezes or asked.override
        if asked.from_scratch:
            task.stage, task.checkpoint = 0, False
        self._enqueue(task, (3, 1, self._next_ticket()))

    # What they share

    def free_slots(self, plan: Plan) -> int:
        return plan.slots - sum(task.status in TASK_ACTIVE for task in plan.tasks)

    def queue(self, plan: Plan) -> list[Task]:
        return sorted((task for task in plan.tasks if task.queued), key=_order)

    def _say(self, kind: str, subject: str) -> None:
        self.events.append((kind, subject))

    def _next_epoch(self) -> int:
        self.epoch += 1
        return self.epoch

    def _next_ticket(self) -> int:
        self.ticket += 1
        return self.ticket

    def _move(self, task: Task, trigger: Trigger) -> None:
        had_ended = task.status in TASK_ENDED
        task.status = TASK_MOVES[task.status, trigger]
        if had_ended and task.status not in TASK_ENDED:
            self._reopen_wave(task)

    @staticmethod
    def _reopen_wave(task: Task) -> None:
        if task.wave is not None and task.wave is task.plan.undone and task.wave.state in WAVE_DONE:
            task.wave.state = WaveState.OPEN

    def _enqueue(self, task: Task, rank: tuple[int, int, int]) -> None:
        task.rank, task.queued = rank, True

    def _plan_admits(self, task: Task) -> bool:
        plan = task.plan
        return task.rollback or (plan.status is P.RUNNING and not plan.pause and not plan.cancel)

    def _may_start(self, task: Task, *, goes_on: bool) -> bool:
        """Whether slots, waves and breakers leave it a place."""
        plan = task.plan
        if task.rollback:
            return self.free_slots(plan) > 0
        if self.free_slots(plan) <= 0 or not plan.bears_one_more():
            return False
        if task.wave is None:
            return True
        opened = plan.open_wave
        if task.wave.index > opened and not goes_on:
            return False
        return task.wave.bears_one_more() and not (opened < len(plan.waves) and plan.waves[opened].breached)

    def _moved_since(self, task: Task) -> bool:
        last_mover, epoch = task.tenant.last_mover
        return task.epoch > 0 and last_mover not in ("", task.id) and epoch > task.epoch

    def _goes_on_from_before(self, task: Task) -> bool:
        return task.rollback or (task.retrying != "" and not task.started)

    def _in_front_of(self, task: Task) -> bool:
        if task.tenant.holder is not None:
            return task.tenant.holder != task.id
        return self._first_in_line(task.tenant, task) is not None

    def _first_in_line(self, tenant: Tenant, asking: Task | None = None) -> Task | None:
        """The first that could start goes back to its queue; those before it do too, and stand back from the line."""
        for entry in sorted(tenant.line):
            other = self.tasks[entry[2]]
            if asking is not None and (other is asking or (asking.rollback and not other.rollback)):
                return None
            if freeze_id := self._frozen_by(other):
                other.queued = other.plan.slots == 1
                self._wait_frozen(other, freeze_id)
                continue
            other.queued = True
            if self._could_start(other):
                return other
            tenant.line.remove(entry)
            other.ticket = entry[1]
        return None

    def _could_start(self, task: Task) -> bool:
        if not self._plan_admits(task) or not self._may_start(task, goes_on=False):
            return False
        return task.plan.slots > 1 or self.queue(task.plan)[:1] == [task]

    def _join_line(self, task: Task) -> None:
        """Said once a wait, also when it has stood back since."""
        if any(other == task.id for _, _, other in task.tenant.line):
            return
        task.tenant.line.append((0 if task.rollback else 1, task.ticket or self._next_ticket(), task.id))
        if not task.ticket:
            self._say("TaskWaiting", task.id)
        task.ticket = 0

    def _leave_line(self, task: Task) -> None:
        self._unmark(task)
        task.frozen_told = False
        task.tenant.line = [entry for entry in task.tenant.line if entry[2] != task.id]
        task.ticket = 0

    def _stop_queueing(self, task: Task) -> None:
        """It waits no more: others may have left a free tenant to it."""
        task.queued = False
        stood_there = any(other == task.id for _, _, other in task.tenant.line)
        self._leave_line(task)
        if stood_there and task.tenant.holder is None:
            self._wake(task.tenant)

    def _wake(self, tenant: Tenant) -> None:
        self._first_in_line(tenant)

    def _admit(self, task: Task) -> None:
        task.queued = False
        self._leave_line(task)
        if task.rollback:
            self._turn_around(task)
        else:
            task.epoch = self._next_epoch()
            self._move(task, Trigger.ADMIT)
            task.turn = 0
            if task.started:
                self._say("TaskResumed", task.id)
            elif task.retrying:
                self._say("TaskRetryStarted", task.id)
                if task.retrying == "checkpoint":
                    self._say("TaskProgress", task.id)
            else:
                self._say("TaskStarted", task.id)
            if not task.started and task.tenant.good:
                task.snapshot = True
            task.started = True
        task.tenant.holder = task.id
        task.lease = "queued"

    def _turn_around(self, task: Task) -> None:
        self._end_retry(task)
        task.epoch = self._next_epoch()
        if task.status is not T.ROLLBACK_FAILED:
            task.stage, task.legs, task.checkpoint = 0, task.touched, False
        self._move(task, Trigger.ROLL_BACK)
        task.turn, task.begun, task.started, task.recoveries = 0, False, True, 0
        task.pause = task.cancel = task.rollback = False
        self._say("TaskRollingBack", task.id)

    def _boundary(self, task: Task) -> str:
        if task.status is not T.RUNNING:
            return ""
        plan = task.plan
        goes_back = plan.status is P.ROLLING_BACK
        if task.rollback or (goes_back and task.touched and task.snapshot):
            if not task.rollback:
                task.forced = plan.forced
            self._turn_around(task)
            task.lease = "queued"
            self._settle(plan)
            return "ROLLING_BACK"
        if task.cancel or plan.cancel or goes_back:
            self._cancel(task)
            return "CANCELLED"
        if task.pause or plan.pause:
            task.by_plan = not task.pause
            self._move(task, Trigger.PAUSE)
            task.pause, task.lease = False, ""
            self._say("TaskPaused", task.id)
            self._settle(plan)
            return "PAUSED"
        return ""

    def _stop_waiting(self, task: Task) -> None:
        self._move(task, Trigger.PAUSE)
        self._stop_queueing(task)
        self._say("TaskPaused", task.id)

    def _resume(self, task: Task) -> None:
        self._move(task, Trigger.RESUME)
        task.by_plan = False
        self._enqueue(task, (1, int(task.tenant.holder != task.id), task.position))

    def _cancel(self, task: Task) -> None:
        self._move(task, Trigger.CANCEL)
        task.checkpoint = task.by_plan = False
        self._stop_queueing(task)
        self._end(task, "TaskCancelled")

    def _give_up(self, task: Task) -> None:
        if task.rollback:
            self._say("OperationRequested", task.id)
            self._give_up_rollback(task)
        else:
            self._cancel(task)

    def _give_up_rollback(self, task: Task) -> None:
        task.rollback = task.forced = False
        self._stop_queueing(task)
        plan = task.plan
        plan.given_up = plan.given_up or plan.status is P.ROLLING_BACK
        if task.status is T.PAUSED and (plan.status is P.ROLLING_BACK or plan.cancel):
            self._cancel(task)
        else:
            self._settle_waves(plan)
            self._settle(plan)

    def _request_rollback(self, task: Task, force: bool) -> None:
        if task.status is T.PENDING:
            self._stop_waiting(task)
        task.by_plan, task.rollback, task.forced = False, True, force
        self._reopen_wave(task)
        holds = task.status is T.PAUSED and task.tenant.holder == task.id
        self._enqueue(task, (0, int(not holds), self._next_ticket()))
        task.queued = task.status is not T.RUNNING

    def _end_retry(self, task: Task) -> None:
        if task.retrying and task.started:
            self._say("TaskRetryCompleted", task.id)
        task.retrying = ""

    def _end(self, task: Task, event: str) -> None:
        task.passes_freezes = False
        task.pause = task.cancel = task.begun = False
        task.lease = ""
        if task.tenant.holder == task.id:
            task.tenant.holder = None
            self._wake(task.tenant)
        self._say(event, task.id)
        self._end_retry(task)
        task.queued = task.rollback
        task.forced = task.forced and task.rollback
        self._say("PlanProgress", task.plan.id)
        self._trip(task)
        self._settle_waves(task.plan)
        self._settle(task.plan)

    def _reopen(self, plan: Plan) -> None:
        if plan.status in PLAN_ENDED:
            plan.status = P.RUNNING
            self._say("PlanReopened", plan.id)
            plan.cancel = plan.given_up = False
            plan.chunks = plan.tripped = ""
            if plan.undone is not None and plan.undone.state in WAVE_DONE:
                plan.undone.state = WaveState.OPEN

    # Waves and breakers

    def _settle_waves(self, plan: Plan) -> None:
        if plan.status not in (P.RUNNING, P.PAUSED) or not plan.was_started or plan.cancel or plan.tripped:
            return
        while (wave := plan.undone) is not None and plan.open_wave == plan.passed:
            if wave.state is WaveState.PENDING:
                wave.state = WaveState.OPEN
                self._say("PlanWaveStarted", plan.id)
            if not wave.has_ended or wave.breached or plan.breached or wave.state in WAVE_DONE:
                return
            if not any(task.status is T.COMPLETED or task.fails for task in wave.tasks):
                self._pass_wave(plan, wave)
            elif wave.soaks and any(task.status is T.COMPLETED for task in wave.tasks):
                wave.state = WaveState.SOAKING
                wave.doubted.clear()
                self._say("PlanWaveSoaking", plan.id)
            else:
                self._leave_soak(plan, wave)

    def look(self, plan: Plan, gone: frozenset[str]) -> list[str]:
        """One round of a soak whose time is over with it; ``gone`` are tenants that are not there. What each look is
        answered."""
        wave = plan.undone
        if wave is None or wave.state is not WaveState.SOAKING or plan.cancel:
            return []
        asked = [task for task in wave.tasks if task.status is T.COMPLETED]
        answers = [self._look_at(task, wave, gone, is_last=task is asked[-1]) for task in asked]
        if not asked:
            self._leave_soak(plan, wave)
            self._settle_waves(plan)
            self._settle(plan)
        return answers

    def _look_at(self, task: Task, wave: Wave, gone: frozenset[str], *, is_last: bool) -> str:
        if wave.state is not WaveState.SOAKING or task.plan.cancel or task.plan.status is P.ROLLING_BACK:
            return "STALE"
        absent = task.tenant.id in gone and not self._moved_since(task) and task.tenant.holder is None
        fails = absent and task.id in wave.doubted
        if fails:
            self._move(task, Trigger.SOAK_FAIL)
            task.stage = 0
            self._trips_by(task)
            self._say("TaskSoakFailed", task.id)
            self._say("PlanProgress", task.plan.id)
            self._trip(task)
        if absent and not fails:
            wave.doubted.add(task.id)
        else:
            wave.doubted.discard(task.id)
        if is_last and wave.state is WaveState.SOAKING and not wave.doubted:
            self._leave_soak(task.plan, wave)
        self._settle_waves(task.plan)
        self._settle(task.plan)
        return "FAILED" if fails else "SEEN"

    def _leave_soak(self, plan: Plan, wave: Wave) -> None:
        if wave.gate:
            self._ask_gate(plan, wave)
        else:
            self._pass_wave(plan, wave)

    def _ask_gate(self, plan: Plan, wave: Wave) -> None:
        wave.state = WaveState.GATED
        self._say("PlanGateWaiting", plan.id)

    def _pass_wave(self, plan: Plan, wave: Wave) -> None:
        wave.state = WaveState.PASSED
        plan.passed += 1
        self._say("PlanWaveCompleted", plan.id)

    def _trips_by(self, task: Task) -> None:
        """What its failure, which has just been counted, trips."""
        plan = task.plan
        self._tripped = []
        if plan.status not in (P.RUNNING, P.PAUSED) or plan.cancel:
            return
        for part in (task.wave, plan):
            if part is not None and part.tolerance is not None and part.failed == part.tolerance + part.accepted + 1:
                self._tripped.append(part)

    def _trip(self, task: Task) -> None:
        plan, tripped = task.plan, self._tripped
        self._tripped = []
        if not tripped:
            return
        action = plan.on_breach if task.status is T.FAILED else "pause"
        plan.tripped = action
        if plan.undone is not None and plan.undone.state in WAVE_DONE:
            plan.undone.state = WaveState.OPEN
        for _ in tripped:
            self._say("PlanBreakerTripped", plan.id)
        is_over = not plan.has_open() and plan.chunks != "rollback" and plan.retry is None
        if is_over and not plan.takes_back and action in ("pause", "cancel"):
            return
        if action == "pause" and not plan.pause:
            self._say("OperationRequested", plan.id)
            plan.pause = True
        if action == "cancel":
            self._say("OperationRequested", plan.id)
            self._begin_cancel(plan)
        if action == "rollback_wave":
            if not plan.pause:
                self._say("OperationRequested", plan.id)
                plan.pause = True
            plan.takes_back = plan.taken_back = task.wave or plan
        if action == "rollback_plan":
            self._say("OperationRequested", plan.id)
            self._begin_rollback(plan, False)

    def _settle(self, plan: Plan) -> None:
        states = [task.status for task in plan.tasks]
        is_open = plan.has_open() or plan.retry is not None or plan.takes_back is not None
        wave = plan.undone
        is_kept = wave is not None and wave.state in WAVE_DONE and plan.status is not P.ROLLING_BACK and not plan.cancel
        if not is_open and not is_kept and plan.chunks != "rollback" and plan.status not in PLAN_ENDED:
            plan.status, event = self._end_of(plan, states)
            plan.pause = False
            plan.tripped = ""
            self._say(event, plan.id)
        elif (is_open or is_kept) and plan.pause and T.RUNNING not in states and plan.status in (P.READY, P.RUNNING):
            plan.status = P.PAUSED
            self._say("PlanPaused", plan.id)

    def _end_of(self, plan: Plan, states: list[TaskState]) -> tuple[PlanState, str]:
        if plan.status is P.ROLLING_BACK:
            if T.ROLLBACK_FAILED in states or plan.given_up:
                return P.ROLLBACK_FAILED, "PlanRollbackFailed"
            return P.ROLLED_BACK, "PlanRolledBack"
        if plan.cancel:
            return P.CANCELLED, "PlanCancelled"
        if set(states) == {T.COMPLETED}:
            return P.COMPLETED, "PlanCompleted"
        if {T.FAILED, T.ROLLBACK_FAILED} & set(states):
            return P.FAILED, "PlanFailed"
        if T.CANCELLED in states:
            return P.CANCELLED, "PlanCancelled"
        return P.ROLLED_BACK, "PlanRolledBack"


def _order(task: Task) -> tuple[int, int, int, int, int]:
    """Rollbacks, resumed ones that hold their tenant, then wave by wave the others."""
    kind, nothing, place = task.rank
    if kind == 0 or (kind == 1 and nothing == 0):
        return kind, nothing, 0, 0, place
    return 2, 0, task.wave.index if task.wave else 0, kind, place
