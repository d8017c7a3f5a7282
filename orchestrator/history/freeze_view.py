"""Which freezes are in force and who may pass them, as the log tells it: their times are worked out anew here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import TASK_STATE_AFTER
from orchestrator.domain.folded import FoldedTask
from orchestrator.domain.status import TASK_ENDED
from orchestrator.fleet.calendar import Window, parse_recurrence
from orchestrator.fleet.freezes import Scope

MONTH_MS: Final = 31 * 86_400_000


@dataclass(slots=True)
class FreezeView:
    """The freezes that the log has told of, and who may pass them."""

    standing: dict[str, e.FreezeSet] = field(default_factory=dict)
    passing_plans: set[str] = field(default_factory=set)
    passing_tasks: set[str] = field(default_factory=set)
    _windows: dict[str, tuple[int, int, list[Window]]] = field(default_factory=dict)
    """Of each that recurs: its windows between two moments."""

    def note(self, event: e.Event) -> None:
        """Moves on by one event."""
        match event:
            case e.FreezeSet():
                self.standing[event.freeze_id] = event
            case e.FreezeLifted():
                self.standing.pop(event.freeze_id, None)
                self._windows.pop(event.freeze_id, None)
            case e.OperationRequested(operation="override-freeze", target_type="task"):
                self.passing_tasks.add(event.target_id)
            case e.OperationRequested(operation="override-freeze"):
                self.passing_plans.add(event.target_id)
            case e.OperationRequested(operation="retry", target_type="task") if event.options.get("overrideFreeze"):
                self.passing_tasks.add(event.target_id)
            case e.TaskEvent() if TASK_STATE_AFTER.get(event.type) in TASK_ENDED:
                self.passing_tasks.discard(event.task_id)
            case _:
                pass

    def forget(self, plan_id: str, task_ids: Iterable[str]) -> None:
        """The plan is gone, and who of it might pass."""
        self.passing_plans.discard(plan_id)
        self.passing_tasks.difference_update(task_ids)

    def stops(self, task: FoldedTask, at_ms: int, *, is_rollback: bool) -> e.FreezeSet | None:
        """A freeze in force at a moment by which the task must not be admitted."""
        if task.plan_id in self.passing_plans or task.task_id in self.passing_tasks:
            return None
        for freeze in self.standing.values():
            if is_rollback and not freeze.rollbacks_too:
                continue
            scope = Scope(freeze.scope.tenants, freeze.scope.label)
            if scope.covers(task.tenant_id, task.labels) and self._in_force(freeze, at_ms):
                return freeze
        return None

    def _in_force(self, freeze: e.FreezeSet, at_ms: int) -> bool:
        begin = ms_of(freeze.from_ or freeze.occurred_at)
        if at_ms < begin or (freeze.until is not None and at_ms >= ms_of(freeze.until)):
            return False
        if freeze.every is None:
            return True
        known = self._windows.get(freeze.freeze_id)
        if known is None or not known[0] <= at_ms < known[1]:
            end = at_ms + MONTH_MS
            known = (at_ms, end, parse_recurrence(freeze.every).windows(at_ms, end))
            self._windows[freeze.freeze_id] = known
        return any(start <= at_ms < stop for start, stop in known[2])


def ms_of(moment: datetime) -> int:
    """A moment in ms since 1970."""
    return round(moment.timestamp() * 1000)
