"""Who may start, and the lines in which tasks wait for a held tenant (I1 to I3)."""

from __future__ import annotations

from tests.support.model.freezes import Freezing
from tests.support.model.records import P, Task, Tenant


class Lines(Freezing):
    """Who may start, and who stands before whom."""

    def wake_lines(self) -> None:
        """The sweep's look at the lines of free tenants."""
        for tenant in self.tenants.values():
            if tenant.holder is None:
                self._wake(tenant)

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
        if (task.wave.index > opened or plan.retry is not None) and not goes_on:
            return False
        return task.wave.bears_one_more() and not (opened < len(plan.waves) and plan.waves[opened].breached)

    def _moved_since(self, task: Task) -> bool:
        if task.epoch == 0:
            return task.seen is not None and task.tenant.mark != task.seen
        last_mover, epoch = task.tenant.last_mover
        return last_mover not in ("", task.id) and epoch > task.epoch

    def _goes_on_from_before(self, task: Task) -> bool:
        is_bound = task.seen is not None and task.epoch == 0
        return task.rollback or is_bound or (task.retrying != "" and not task.started)

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
