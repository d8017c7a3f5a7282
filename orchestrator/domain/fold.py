"""The one fold of the log (I7): events in, states of plans and tasks out. The history checker and the tests read the
log through it; views that keep up one plan (`watch`, the console's map) go by its rules, which stand here once:
``TASK_STATE_AFTER``, ``ADMISSIONS``, ``queued_again``.

An event costs the same whatever the size of its plan; only the resume of a plan walks the tasks that its pause stopped,
of which there are at most ``max_concurrency``. A log may begin anywhere: a plan or task first seen in the middle of its
life is taken up as that event shows it (``FoldedPlan.created`` is 0 then, ``FoldedTask.whole`` false), and is known for
certain from its next change of state on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain import fold_fleet as fleet
from orchestrator.domain import fold_stages as stages
from orchestrator.domain.folded import FoldedPlan, FoldedTask, QueueClass
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, PlanState, TaskState

TASK_STATE_AFTER: Final = {
    "TaskStarted": TaskState.RUNNING,
    "TaskResumed": TaskState.RUNNING,
    "TaskRetryStarted": TaskState.RUNNING,
    "TaskRollingBack": TaskState.ROLLING_BACK,
    "TaskPaused": TaskState.PAUSED,
    "TaskCompleted": TaskState.COMPLETED,
    "TaskFailed": TaskState.FAILED,
    "TaskSoakFailed": TaskState.FAILED,
    "TaskCancelled": TaskState.CANCELLED,
    "TaskRolledBack": TaskState.ROLLED_BACK,
    "TaskRollbackFailed": TaskState.ROLLBACK_FAILED,
}
PLAN_STATE_AFTER: Final = {
    "PlanCreated": PlanState.CREATED,
    "PlanReady": PlanState.READY,
    "PlanStarted": PlanState.RUNNING,
    "PlanPaused": PlanState.PAUSED,
    "PlanResumed": PlanState.RUNNING,
    "PlanReopened": PlanState.RUNNING,
    "PlanCompleted": PlanState.COMPLETED,
    "PlanFailed": PlanState.FAILED,
    "PlanCancelled": PlanState.CANCELLED,
    "PlanRollingBack": PlanState.ROLLING_BACK,
    "PlanRolledBack": PlanState.ROLLED_BACK,
    "PlanRollbackFailed": PlanState.ROLLBACK_FAILED,
}
ADMISSIONS: Final = frozenset(kind for kind, state in TASK_STATE_AFTER.items() if state in TASK_ACTIVE)

# A task that is first seen with one of these was under way already. A recovery and a sign of life come either way.
_UNDER_WAY: Final = {
    "TaskStageStarted": TaskState.RUNNING,
    "TaskStageSucceeded": TaskState.RUNNING,
    "TaskStageFailed": TaskState.RUNNING,
    "TaskStageRollingBack": TaskState.ROLLING_BACK,
    "TaskStageRolledBack": TaskState.ROLLING_BACK,
    "TaskStageRollbackFailed": TaskState.ROLLING_BACK,
}


def queued_again(operation: str, *, runs: bool) -> QueueClass | None:
    """As what an operation on a task, which runs or does not, puts it back into its plan's queues: it is PENDING from
    then on, whatever it was. None of one that leaves it where it is."""
    if operation in ("retry", "skip-stage"):
        return QueueClass.RETRY
    return QueueClass.RESUMED if operation == "resume" and not runs else None


class LogFold:
    """Everything that the log has told so far."""

    def __init__(self) -> None:
        self.plans: dict[str, FoldedPlan] = {}
        self.tasks: dict[str, FoldedTask] = {}
        self.holders: dict[str, str] = {}
        """Task id by tenant id."""
        self.sequence = 0
        """Sequence id of the newest event."""

    def apply(self, event: e.Event) -> None:
        """Moves on by one event; one that is not newer than the last changes nothing."""
        if event.sequence_id <= self.sequence:
            return
        self.sequence = event.sequence_id
        if not event.plan_id:
            return  # Of no plan; or damaged, so that it does not even say of which.
        plan = self.plans.get(event.plan_id) or self._first_seen(event)
        plan.plan_sequence, plan.last = event.plan_sequence_id, event.sequence_id
        if isinstance(event, e.TaskEvent):
            self._of_task(plan, event, event.type)
        elif isinstance(event, e.OperationRequested):
            if event.target_type == "plan":
                self._ask_plan(plan, event)
            else:
                self._ask_task(plan, event)
        elif isinstance(event, e.PlanValidationFailed | e.PlanPurged):
            self._forget(plan)
        elif event.type in PLAN_STATE_AFTER:
            self._move_plan(plan, PLAN_STATE_AFTER[event.type])
        else:
            fleet.move_wave(plan, event, event.type)
        if plan.begins_anew and fleet.is_retry_over(plan, event):
            plan.begins_anew = False

    def _first_seen(self, event: e.Event) -> FoldedPlan:
        plan = self.plans[event.plan_id] = FoldedPlan(plan_id=event.plan_id)
        if isinstance(event, e.PlanCreated):
            plan.created, plan.name = event.sequence_id, event.name
            plan.total, plan.max_concurrency = event.total_tasks, event.max_concurrency
            fleet.create_fleet(plan, event)
        elif isinstance(event, e.TaskCreated):
            plan.state = PlanState.CREATED
        return plan

    def _forget(self, plan: FoldedPlan) -> None:
        """An abandoned draft, or a plan that was purged: its id is free for another one, and what it held."""
        del self.plans[plan.plan_id]
        for task_id, task in plan.tasks.items():
            del self.tasks[task_id]
            if self.holders.get(task.tenant_id) == task_id:
                del self.holders[task.tenant_id]

    @staticmethod
    def _move_plan(plan: FoldedPlan, state: PlanState) -> None:
        if plan.state in PLAN_ENDED or state is PlanState.ROLLING_BACK:
            # The cancel that ended it is over, once it goes on.
            plan.cancel_asked = 0
        if state in PLAN_ENDED or state is PlanState.ROLLING_BACK:
            plan.pause_asked = 0
        if state in PLAN_ENDED or plan.state in PLAN_ENDED:
            fleet.forget_trip(plan)
        if plan.state in PLAN_ENDED and state is PlanState.RUNNING and plan.undone_wave is not None:
            fleet.stop_waiting(plan.undone_wave)
        plan.state, plan.known = state, True

    # What people ask for

    def _ask_plan(self, plan: FoldedPlan, event: e.OperationRequested) -> None:
        if event.operation == "pause":
            plan.pause_asked = event.sequence_id
        elif event.operation == "cancel":
            plan.cancel_asked, plan.was_given_up = event.sequence_id, True
        elif event.operation == "rollback":
            plan.back_waits = bool(event.options.get("waitsForAnswer"))
        elif event.operation == "retry":
            plan.begins_anew = event.options.get("fromCheckpoint") is False
        elif event.operation == "resume":
            plan.pause_asked = 0
            fleet.answer_breach(plan, event)
            if event.options.get("inChunks"):
                # Each task that it lets go on is told by itself.
                return
            for task_id in sorted(plan.paused):
                self._requeue(plan, plan.tasks[task_id], QueueClass.RESUMED)
            plan.paused.clear()

    def _ask_task(self, plan: FoldedPlan, event: e.OperationRequested) -> None:
        task = self._task(plan, event.target_id, event.tenant_id or "", event.type)
        task.last = event.sequence_id
        runs, was = task.state is TaskState.RUNNING or not task.known, task.state
        if (queued_as := queued_again(event.operation, runs=runs)) is not None:
            self._requeue(plan, task, queued_as)
        if event.operation in ("pause", "resume", "rollback"):
            plan.paused.discard(task.task_id)
        match event.operation:
            case "pause" if event.options.get("withdraws") == "resume":
                # Its plan's resume could not let it go on: it is paused by itself from then on.
                plan.move(task, TaskState.PAUSED if task.state is TaskState.PENDING else task.state)
            case "pause":
                task.pause_asked = event.sequence_id if runs else 0
            case "resume":
                task.pause_asked = 0
            case "cancel" if event.options.get("asItWas"):
                pass  # The rollback of its plan, or of its wave, has passed it by.
            case "cancel" if event.options.get("withdraws") == "rollback":
                _ask_rollback(task, 0)
                task.waiting = task.by_policy = False
                plan.note_sent_back(task, task.is_sent_back and task.state is TaskState.ROLLBACK_FAILED)
            case "cancel":
                task.cancel_asked = event.sequence_id if runs else 0
            case "rollback":
                _ask_rollback(task, event.sequence_id)
                task.by_policy = bool(event.options.get("autoRollback") or event.options.get("countsOn"))
                fleet.reopen_wave(plan, task, was)
                fleet.note_way_back(plan, task, event)
                task.waiting = False
            case "retry" | "skip-stage":
                fleet.note_retry(plan, event)
                fleet.reopen_wave(plan, task, was)
                task.attempt += 1
                task.goes_back = False
                if event.operation == "retry" and not event.options.get("fromCheckpoint"):
                    task.recorded = []
                    fleet.forget_skipped(plan, task)
            case _:
                pass

    @staticmethod
    def _requeue(plan: FoldedPlan, task: FoldedTask, queued_as: QueueClass) -> None:
        plan.move(task, TaskState.PENDING)
        task.known = True
        task.queued_as, task.waiting = queued_as, False

    # What happens to tasks

    def _task(self, plan: FoldedPlan, task_id: str, tenant_id: str, kind: str) -> FoldedTask:
        task = plan.tasks.get(task_id)
        if task is None:
            is_new = kind == "TaskCreated"
            task = FoldedTask(task_id, plan.plan_id, tenant_id, whole=is_new, known=is_new)
            plan.add(task)
            self.tasks[task_id] = task
        if not task.known and kind in _UNDER_WAY:
            self._admit(task, is_rollback=_UNDER_WAY[kind] is TaskState.ROLLING_BACK)
            plan.move(task, _UNDER_WAY[kind])
            task.known = True
        return task

    def _of_task(self, plan: FoldedPlan, event: e.TaskEvent, kind: str) -> None:
        task = self._task(plan, event.task_id, event.tenant_id, kind)
        task.last = event.sequence_id
        if isinstance(event, e.StageEvent):
            stages.move_stage(task, event)
            fleet.note_skipped(plan, task, event)
            return
        if isinstance(event, e.TaskFailureAccepted) and not task.is_accepted:
            task.is_accepted = True
            plan.count(task, "accepted_failures", 1)
        if kind == "TaskWaiting":
            task.waiting = True
        if isinstance(event, e.TaskCreated):
            task.labels, task.groups = event.labels or {}, event.groups or []
            fleet.join_wave(plan, task, event)
        if (state := TASK_STATE_AFTER.get(kind)) is None:
            return
        known = True
        if state in TASK_ACTIVE:
            self._admit(task, is_rollback=state is TaskState.ROLLING_BACK, told=event)
        elif state is TaskState.PAUSED:
            known = task.whole or bool(task.pause_asked)  # Else nobody knows whether its plan has paused it.
            if known and task.state is TaskState.RUNNING and not task.pause_asked:
                plan.paused.add(task.task_id)
            task.pause_asked, task.waiting = 0, False
        else:
            self._end(plan, task)
        was_counted = task.by_policy
        plan.move(task, state)
        if kind == "TaskSoakFailed":
            task.recorded, task.skipped = [], []
        task.known = known
        if state is TaskState.ROLLED_BACK:
            fleet.forget_skipped(plan, task)
            task.touched = []
        if not was_counted:
            fleet.note_failure(plan, task, event)
        fleet.note_back(plan, task)

    def _admit(self, task: FoldedTask, *, is_rollback: bool, told: e.TaskEvent | None = None) -> None:
        self.holders.setdefault(task.tenant_id, task.task_id)
        task.holds, task.waiting, task.queued_as = True, False, QueueClass.MOVE
        if is_rollback:
            stages.begin_way_back(task, told)
            _ask_rollback(task, 0)
            task.pause_asked = task.cancel_asked = 0

    def _end(self, plan: FoldedPlan, task: FoldedTask) -> None:
        task.holds = task.waiting = False
        task.pause_asked = task.cancel_asked = 0
        task.stage = ""
        plan.paused.discard(task.task_id)
        if self.holders.get(task.tenant_id) == task.task_id:
            del self.holders[task.tenant_id]


def _ask_rollback(task: FoldedTask, asked: int) -> None:
    """The rollback that is asked for, by the event that did; 0 takes it back."""
    if task.wave is not None:
        task.wave.going_back += bool(asked) - bool(task.rollback_asked)
    task.rollback_asked = asked


def fold(events: Iterable[e.Event]) -> LogFold:
    """The state after all these events, which are in order."""
    folded = LogFold()
    for event in events:
        folded.apply(event)
    return folded
