"""Freezes: who is stopped by one, waits for it, and is let go on by its end (I15)."""

from __future__ import annotations

from orchestrator.domain.status import PLAN_ENDED
from tests.support.model.core import Core
from tests.support.model.records import ACCEPTED, Answer, Plan, Task


class Freezing(Core):
    """Whom a freeze stops."""

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
