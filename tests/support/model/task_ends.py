"""How a task stops waiting, is cancelled, asked to go back, and ends."""

from __future__ import annotations

from orchestrator.domain.transitions import Trigger
from tests.support.model.records import P, T, Task
from tests.support.model.waves import Waves


class TaskEnds(Waves):
    """A task's stops and ends."""

    def _stop_waiting(self, task: Task) -> None:
        self._move(task, Trigger.PAUSE)
        self._stop_queueing(task)
        self._say("TaskPaused", task.id)

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
        task.rollback = task.forced = task.by_policy = False
        if task.status is not T.ROLLBACK_FAILED:
            self._forget_sent_back(task)
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
        task.by_plan = task.by_policy = False
        task.rollback, task.forced = True, force
        self._reopen_wave(task, task.status)
        holds = task.status is T.PAUSED and task.tenant.holder == task.id
        self._enqueue(task, (0, int(not holds), self._next_ticket()))
        task.queued = task.status is not T.RUNNING

    def _end_retry(self, task: Task) -> None:
        if task.retrying and task.started:
            self._say("TaskRetryCompleted", task.id)
        task.retrying = ""

    def _end(self, task: Task, event: str, *, goes_back: bool = False) -> None:
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
        self._trip(task, goes_back=goes_back)
        if goes_back:
            self._take_back(task)
        self._settle_waves(task.plan)
        self._settle(task.plan)
