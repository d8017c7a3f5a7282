"""Folds the log into states (I7), and hands every event with the state before it to the rules of the log."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain import events as e
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.task_id import position_of

STATE_AFTER = {
    "TaskStarted": TaskState.RUNNING,
    "TaskResumed": TaskState.RUNNING,
    "TaskRetryStarted": TaskState.RUNNING,
    "TaskRollingBack": TaskState.ROLLING_BACK,
    "TaskPaused": TaskState.PAUSED,
    "TaskCompleted": TaskState.COMPLETED,
    "TaskFailed": TaskState.FAILED,
    "TaskCancelled": TaskState.CANCELLED,
    "TaskRolledBack": TaskState.ROLLED_BACK,
    "TaskRollbackFailed": TaskState.ROLLBACK_FAILED,
}
PLAN_STATE_AFTER = {
    "PlanReady": PlanState.READY,
    "PlanStarted": PlanState.RUNNING,
    "PlanPaused": PlanState.PAUSED,
    "PlanResumed": PlanState.RUNNING,
    "PlanCompleted": PlanState.COMPLETED,
    "PlanFailed": PlanState.FAILED,
    "PlanCancelled": PlanState.CANCELLED,
    "PlanRollingBack": PlanState.ROLLING_BACK,
    "PlanRolledBack": PlanState.ROLLED_BACK,
    "PlanRollbackFailed": PlanState.ROLLBACK_FAILED,
}
ADMISSIONS = frozenset({"TaskStarted", "TaskResumed", "TaskRetryStarted", "TaskRollingBack"})
ENDS = frozenset({"TaskCompleted", "TaskFailed", "TaskCancelled", "TaskRolledBack", "TaskRollbackFailed"})


@dataclass(slots=True)
class ToldTask:
    """One task, as the log tells it."""

    task_id: str
    plan_id: str
    tenant_id: str
    state: TaskState = TaskState.PENDING
    admitted: bool = False
    """Holds its tenant: admitted, and not ended since."""
    ever_admitted: bool = False
    waiting: bool = False
    retry_asked: bool = False
    resume_asked: bool = False
    rollback_asked: bool = False
    pause_asked: e.EventBase | None = None
    cancel_asked: e.EventBase | None = None
    paused_by_plan: bool = False
    attempt: int = 1
    recorded: list[str] = field(default_factory=list)
    """Stages recorded as succeeded in this attempt."""
    started: dict[str, e.EventBase] = field(default_factory=dict)
    """Stages begun in this attempt and not recorded."""
    rolled_back: list[str] = field(default_factory=list)
    recorded_keys: dict[tuple[int, str, int], e.EventBase] = field(default_factory=dict)
    """(attempt, mode, stage index) of everything recorded, over all attempts."""
    recoveries: list[e.EventBase] = field(default_factory=list)
    last: e.EventBase | None = None

    @property
    def position(self) -> int:
        return position_of(self.task_id)


@dataclass(slots=True)
class ToldPlan:
    """One plan, as the log tells it."""

    plan_id: str
    created: e.PlanCreated
    state: PlanState = PlanState.CREATED
    pause_asked: e.EventBase | None = None
    cancel_asked: e.EventBase | None = None
    plan_sequence: int = 0
    stages: tuple[str, ...] = ()
    tasks: dict[str, ToldTask] = field(default_factory=dict)
    last: e.EventBase | None = None

    def active(self) -> int:
        """Slots in use."""
        return sum(task.state in TASK_ACTIVE for task in self.tasks.values())


@dataclass(slots=True)
class World:
    """Everything that the log has told so far."""

    plans: dict[str, ToldPlan] = field(default_factory=dict)
    tasks: dict[str, ToldTask] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    sequence: int = 0

    def apply(self, event: e.Event) -> None:
        """Moves on by one event; events of unknown plans or tasks change nothing (the rules report them)."""
        self.sequence = event.sequence_id
        if isinstance(event, e.PlanCreated):
            self.plans.setdefault(event.plan_id, ToldPlan(event.plan_id, event))
        plan = self.plans.get(event.plan_id)
        if plan is None:
            return
        plan.plan_sequence, plan.last = event.plan_sequence_id, event
        if isinstance(event, e.TaskCreated):
            view = ToldTask(event.task_id, event.plan_id, event.tenant_id)
            plan.tasks.setdefault(event.task_id, view)
            self.tasks.setdefault(event.task_id, view)
        if isinstance(event, e.OperationRequested):
            self._ask(plan, event)
        elif isinstance(event, e.TaskEvent):
            task = self.tasks.get(event.task_id)
            if task is not None:
                self._apply_task(plan, task, event)
        elif isinstance(event, e.PlanPurged):
            # Its id is free: a plan that is created under it later is another one.
            del self.plans[event.plan_id]
            for task_id in plan.tasks:
                self.tasks.pop(task_id, None)
        elif event.type in PLAN_STATE_AFTER:
            plan.state = PLAN_STATE_AFTER[event.type]
            if plan.state is PlanState.ROLLING_BACK:
                plan.pause_asked = plan.cancel_asked = None

    def _ask(self, plan: ToldPlan, event: e.OperationRequested) -> None:
        if event.target_type == "plan":
            if event.operation == "pause":
                plan.pause_asked = event
            elif event.operation == "cancel":
                plan.cancel_asked = event
            elif event.operation == "resume":
                plan.pause_asked = None
                for task in plan.tasks.values():
                    if task.state is TaskState.PAUSED and task.paused_by_plan and not task.rollback_asked:
                        task.state, task.paused_by_plan, task.resume_asked = TaskState.PENDING, False, True
            return
        task_or_none = self.tasks.get(event.target_id)
        if task_or_none is None:
            return
        task = task_or_none
        match event.operation:
            case "pause":
                task.pause_asked = event
            case "resume":
                task.pause_asked = None
                if task.state is TaskState.PAUSED:
                    task.state, task.resume_asked, task.paused_by_plan = TaskState.PENDING, True, False
            case "cancel" if event.options.get("withdraws") == "rollback":
                task.rollback_asked = False
                task.waiting = False
            case "cancel":
                task.cancel_asked = event
            case "rollback":
                task.rollback_asked, task.waiting = True, False
                self._reopen(plan)
            case "retry":
                task.state, task.retry_asked = TaskState.PENDING, True
                task.attempt += 1
                task.cancel_asked = None
                task.waiting = False
                if not event.options.get("fromCheckpoint"):
                    task.recorded, task.started = [], {}
                self._reopen(plan)

    @staticmethod
    def _reopen(plan: ToldPlan) -> None:
        if plan.state in PLAN_ENDED:
            plan.state, plan.cancel_asked = PlanState.RUNNING, None

    def _apply_task(self, plan: ToldPlan, task: ToldTask, event: e.Event) -> None:
        task.last = event
        if isinstance(event, e.TaskRecovered):
            task.recoveries.append(event)
        elif isinstance(event, e.TaskWaiting):
            task.waiting = True
        elif isinstance(event, e.StageEvent):
            self._apply_stage(plan, task, event)
        if event.type in ADMISSIONS:
            self._admit(task, event)
        elif event.type == "TaskPaused":
            task.paused_by_plan = task.pause_asked is None and task.state is TaskState.RUNNING
            task.pause_asked, task.waiting = None, False
        elif event.type in ENDS:
            task.admitted = task.waiting = False
            task.pause_asked = task.cancel_asked = None
            if self.holders.get(task.tenant_id) == task.task_id:
                del self.holders[task.tenant_id]
        if event.type in STATE_AFTER:
            task.state = STATE_AFTER[event.type]

    def _admit(self, task: ToldTask, event: e.Event) -> None:
        self.holders.setdefault(task.tenant_id, task.task_id)
        if event.type == "TaskRollingBack":
            if task.state is not TaskState.ROLLBACK_FAILED:
                task.rolled_back = []
            task.rollback_asked = False
            task.pause_asked = task.cancel_asked = None
        if event.type == "TaskRetryStarted":
            task.started = {}
        task.admitted = task.ever_admitted = True
        task.waiting = task.retry_asked = task.resume_asked = False

    @staticmethod
    def _apply_stage(plan: ToldPlan, task: ToldTask, event: e.StageEvent) -> None:
        name = event.stage_name
        index = plan.stages.index(name) if name in plan.stages else len(task.recorded)
        match event:
            case e.TaskStageStarted():
                task.started[name] = event
            case e.TaskStageSucceeded():
                task.started.pop(name, None)
                task.recorded.append(name)
                task.recorded_keys[task.attempt, TaskState.RUNNING, index] = event
            case e.TaskStageFailed():
                task.started.pop(name, None)
            case e.TaskStageRolledBack():
                task.rolled_back.append(name)
                task.recorded_keys[task.attempt, TaskState.ROLLING_BACK, index] = event
            case _:
                pass
