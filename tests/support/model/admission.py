"""How a task is admitted, turns around, and what it meets between two stages."""

from __future__ import annotations

from orchestrator.domain.transitions import Trigger
from tests.support.model.records import WHOLE, P, Plan, T, Task
from tests.support.model.task_ends import TaskEnds


class Admissions(TaskEnds):
    """From a queue to a slot and a tenant."""

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
                task.old = task.old or task.tenant.good.removesuffix(WHOLE)
                task.snapshot = True
            task.started = True
        task.tenant.holder = task.id
        task.lease = "queued"

    def _turn_around(self, task: Task) -> None:
        self._end_retry(task)
        task.epoch = self._next_epoch()
        if task.status is not T.ROLLBACK_FAILED:
            task.stage, task.legs, task.checkpoint = 0, task.touched, False
        if task.plan.status is P.ROLLING_BACK and task.plan.back_by_policy:
            self._mark_with_plan(task)
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
