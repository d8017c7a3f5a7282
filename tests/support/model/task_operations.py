"""What a person asks of a task, and what is answered."""

from __future__ import annotations

from orchestrator.domain.status import TASK_ENDED
from orchestrator.domain.transitions import Trigger
from tests.support.model.records import ACCEPTED, MAX_RETRY, Answer, P, Retry, T, Task
from tests.support.model.worker import Workers
from tests.support.whole_table import TASK_MOVES


class TaskOperations(Workers):
    """Answers to what is asked of a task."""

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
        if task.status is T.PENDING and asked.override:
            return self._let_pass(task)
        if refusal := self._retry_refusal(task, asked.from_scratch, asked.force):
            return refusal
        self._say("OperationRequested", task.id)
        self._reopen(task.plan)
        self._retry(task, asked)
        return ACCEPTED

    def _let_pass(self, task: Task) -> Answer:
        """One that waits already, and may wait for a freeze."""
        if not task.retrying:
            return "REFUSED", "not-retried"
        if task.passes_freezes or task.plan.passes_freezes:
            return "NOOP", "passes-freezes"
        if refusal := self._stopped(task):
            return refusal
        self._say("OperationRequested", task.id)
        task.passes_freezes = True
        if task.frozen:
            self._unmark(task)
            task.queued = True
        return "ACCEPTED", "passes"

    def _retry_refusal(self, task: Task, from_scratch: bool, force: bool) -> Answer | None:
        if (task.status, Trigger.RETRY) not in TASK_MOVES:
            return ("NOOP", "waiting") if task.status is T.PENDING and task.retrying else ("REFUSED", "state")
        if refusal := self._stopped(task):
            return refusal
        if task.status is not T.FAILED and not from_scratch:
            return "REFUSED", "scratch-only"
        if task.retries >= MAX_RETRY:
            return "REFUSED", "max-retry"
        if self._moved_since(task) and not force:
            return "REFUSED", "moved"
        return None

    def _stopped(self, task: Task) -> Answer | None:
        """By what is under way with it or its plan."""
        if task.rollback:
            return "REFUSED", "rollback-requested"
        if task.plan.status is P.ROLLING_BACK:
            return "REFUSED", "plan-rolling-back"
        if task.plan.cancel and task.plan.status is not P.CANCELLED:
            return "REFUSED", "plan-cancelled"
        return None

    def _retry(self, task: Task, asked: Retry) -> None:
        self._move(task, Trigger.RETRY)
        task.retries += 1
        self._begin_again(task, asked)

    def _begin_again(self, task: Task, asked: Retry) -> None:
        task.retrying = "scratch" if asked.from_scratch else "checkpoint"
        task.started, task.legs, task.recoveries = False, task.plan.stages, 0
        task.forced = task.forced or asked.force
        task.passes_freezes = task.passes_freezes or asked.override
        if asked.from_scratch:
            task.stage, task.checkpoint, task.skipped = 0, False, []
        self._enqueue(task, (3, 1, self._next_ticket()))
