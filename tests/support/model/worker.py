"""What a worker does with a turn, and what sweeps make of a lost one."""

from __future__ import annotations

from orchestrator.domain.transitions import Trigger
from tests.support.model.admission import Admissions
from tests.support.model.records import MAX_RECOVERIES, WHOLE, P, T, Task


class Workers(Admissions):
    """Turns and their ends."""

    def begin(self, task: Task) -> str:
        if not task.begun and task.turn == 0 and (stopped := self._boundary(task)):
            return stopped
        task.lease = "running"
        if not task.begun:
            task.begun = True
            forward = task.status is T.RUNNING
            if task.tenant.last_mover[0] != task.id:
                task.previous_mover = task.tenant.last_mover if forward else None
            if task.tenant.last_mover != (task.id, task.epoch):
                task.tenant.last_mover = (task.id, task.epoch)
                self._tell_drafts(task.tenant)
            if task.wave is not None:
                task.wave.has_begun = True
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
            self._note_config(task, forward=forward)
            if not forward:
                task.touched, task.skipped = 0, []
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
        goes_back = self._goes_back_by_policy(task)
        if task.begun:
            self._say("TaskStageFailed" if forward else "TaskStageRollbackFailed", task.id)
        self._move(task, Trigger.FAIL if forward else Trigger.ROLLBACK_FAIL)
        if forward and task.rollback and task.sent_back and task.plan.status is P.ROLLING_BACK:
            task.by_policy = task.plan.back_by_policy
        self._trips_by(task)
        self._end(task, "TaskFailed" if forward else "TaskRollbackFailed", goes_back=goes_back)
        return task.status

    def _note_config(self, task: Task, *, forward: bool) -> None:
        """What the tenant is by now, and its last known good config; nobody has seen all of it with a stage skipped."""
        whose = task.plan.id if forward else task.old
        task.tenant.current = whose
        if not forward:
            task.tenant.good = whose + WHOLE
        elif not task.skipped:
            task.tenant.good = whose
        self._tell_drafts(task.tenant)

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
