"""What a person asks of a plan, and what is answered."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.transitions import Trigger
from orchestrator.domain.waves import WaveState
from tests.support.model.records import ACCEPTED, Answer, P, Plan, Retry, T, Task
from tests.support.model.task_operations import TaskOperations
from tests.support.whole_table import PLAN_MOVES


class PlanOperations(TaskOperations):
    """Answers to what is asked of a plan."""

    def _pause_plan(self, plan: Plan, _: bool) -> Answer:
        is_anew = plan.pause and plan.by_gate
        if plan.status is P.PAUSED and not is_anew:
            return "NOOP", "paused"
        if plan.status is not P.PAUSED and (plan.status, Trigger.PAUSE) not in PLAN_MOVES:
            return "REFUSED", "state"
        if plan.cancel:
            return "REFUSED", "cancel-requested"
        if plan.pause and not is_anew:
            return "NOOP", "pausing"
        self._say("OperationRequested", plan.id)
        plan.pause, plan.by_gate = True, False
        self._settle(plan)
        return ACCEPTED

    def _resume_plan(self, plan: Plan, accepts: bool) -> Answer:
        asks = any(part.breached or part.waits_for_answer for part in plan.parts)
        if not plan.pause and not (accepts and asks):
            return ("NOOP", "running") if plan.status in (P.READY, P.RUNNING) else ("REFUSED", "state")
        if plan.status not in (P.READY, P.RUNNING, P.PAUSED):
            return "REFUSED", "state"
        if plan.cancel:
            return "REFUSED", "cancel-requested"
        why = self._why_not_on(plan)
        if why is not None and (why == "takes-wave-back" or not accepts):
            return "REFUSED", why
        self._go_on(plan, accepts=accepts)
        if accepts:
            for part in plan.parts:
                part.accepted = max(part.accepted, part.failed) if part.tolerance is not None else 0
        if (wave := plan.undone) is not None and wave.state is WaveState.REJECTED:
            self._ask_gate(plan, wave)
        self._settle_waves(plan)
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
        if not plan.has_open():
            plan.chunks = ""
            self._settle(plan)
        return ACCEPTED

    def _rollback_plan(self, plan: Plan, force: bool) -> Answer:
        if plan.status is P.ROLLING_BACK:
            return "NOOP", "rolling-back"
        if plan.status is P.ROLLED_BACK and all(task.status is not T.COMPLETED for task in plan.tasks):
            return "NOOP", "rolled-back"
        self._say("OperationRequested", plan.id)
        self._begin_rollback(plan, force)
        return ACCEPTED

    def _retry_plan(self, plan: Plan, asked: Retry) -> Answer:
        if plan.status is P.ROLLING_BACK:
            return "REFUSED", "state"
        if plan.cancel and plan.status is not P.CANCELLED:
            return "REFUSED", "cancel-requested"
        if plan.retry:
            is_same = replace(plan.retry, failed={}) == asked
            return ("NOOP", "retrying") if is_same else ("REFUSED", "retrying-otherwise")
        if asked.from_scratch and plan.takes_back:
            return "REFUSED", "takes-wave-back"
        failed = [task for task in plan.tasks if self._is_meant(task, asked)]
        counted = sum(task.status is T.FAILED and not task.accepted for task in plan.tasks)
        back = sum(task.sent_back for task in plan.tasks), sum(task.status is T.ROLLED_BACK for task in plan.tasks)
        counted += min(back) if asked.from_scratch else 0
        at_once = counted <= self.retried_at_once
        if not failed:
            accepted = any(task.status is T.FAILED and task.accepted for task in plan.tasks)
            return "REFUSED", "all-accepted" if accepted else "none-failed"
        asked = replace(asked, failed={task.id: task.retries for task in failed})
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

    @staticmethod
    def _is_meant(task: Task, asked: Retry) -> bool:
        """By the retry of its plan: it failed, or is back by the plan's policy and begins anew."""
        is_back = asked.from_scratch and task.status is T.ROLLED_BACK and task.sent_back
        return is_back or (task.status is T.FAILED and not task.accepted)

    def _retry_of_plan(self, task: Task, asked: Retry) -> None:
        if not self._retry_refusal(task, asked.from_scratch, asked.force):
            self._say("OperationRequested", task.id)
            self._retry(task, asked)
