"""What a person answers to a failure, and whom a person takes out of a plan."""

from __future__ import annotations

from orchestrator.domain.transitions import Trigger
from orchestrator.domain.waves import WaveState
from tests.support.model.plan_operations import PlanOperations
from tests.support.model.records import ACCEPTED, Answer, P, Plan, Retry, T, Task
from tests.support.whole_table import PLAN_MOVES, TASK_MOVES


class FailureAnswers(PlanOperations):
    """Failures that count no more, and tenants that leave."""

    def accept(self, task: Task) -> Answer:
        if refusal := self._not_accepted(task):
            return refusal
        self._accept(task)
        self._settle_acceptance(task.plan)
        return ACCEPTED

    def skip_stage(self, task: Task) -> Answer:
        """It goes on behind the stage that failed."""
        plan = task.plan
        if (task.status, Trigger.SKIP_STAGE) not in TASK_MOVES:
            return "REFUSED", "state"
        if task.rollback:
            return "REFUSED", "rollback-requested"
        if plan.status is P.ROLLING_BACK:
            return "REFUSED", "plan-rolling-back"
        if plan.cancel and plan.status is not P.CANCELLED:
            return "REFUSED", "plan-cancelled"
        if task.soak_failed:
            return "REFUSED", "no-stage-failed"
        if self._moved_since(task):
            return "REFUSED", "moved"
        self._say("OperationRequested", task.id)
        self._reopen(plan)
        self._say("TaskStageSkipped", task.id)
        task.skipped.append(task.stage)
        self._move(task, Trigger.SKIP_STAGE)
        self._begin_again(task, Retry(from_scratch=False, force=False, override=False, failed={}))
        return "ACCEPTED", "skips"

    def accept_all(self, plan: Plan) -> int:
        """Of a plan; how many they were."""
        failed = [task for task in plan.tasks if self._not_accepted(task) is None]
        for task in failed:
            self._accept(task)
        self._settle_acceptance(plan)
        return len(failed)

    def exclude(self, plan: Plan, tenants: str) -> int:
        """Those of a plan that have not begun, with such an id; how many they were."""
        waiting = [task for task in plan.tasks if tenants in ("*", task.tenant.id) and self._may_leave(task)]
        for task in waiting:
            self._say("OperationRequested", task.id)
            self._cancel(task)
        return len(waiting)

    def _not_accepted(self, task: Task) -> Answer | None:
        if task.accepted:
            return "NOOP", "accepted"
        if task.status not in (T.FAILED, T.ROLLBACK_FAILED):
            return "REFUSED", "not-failed"
        return ("REFUSED", "rollback-requested") if task.rollback else None

    def _accept(self, task: Task) -> None:
        self._say("OperationRequested", task.id)
        self._say("TaskFailureAccepted", task.id)
        task.accepted = True

    def _settle_acceptance(self, plan: Plan) -> None:
        is_right = all(task.status is T.COMPLETED or task.accepted for task in plan.tasks)
        if plan.status is P.FAILED and is_right:
            undone = [wave for wave in plan.waves if wave.state is not WaveState.PASSED]
            if not any(wave.has_to_wait for wave in undone):
                for wave in undone:
                    if wave.state is WaveState.PENDING:
                        self._say("PlanWaveStarted", plan.id)
                    self._pass_wave(plan, wave)
                plan.status = PLAN_MOVES[plan.status, Trigger.ACCEPT]
                self._say("PlanCompleted", plan.id)
                return
            # A wave has still to soak, or to ask its gate.
            self._reopen(plan)
        self._settle_waves(plan)

    def _may_leave(self, task: Task) -> bool:
        waits = task.status in (T.PENDING, T.PAUSED) and not task.started and not task.touched
        return waits and not task.rollback and not self._forbidden(task)
