"""Whose way back a policy owes: a failure of a plan that says `auto_rollback: task` asks for it in its own write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.folded import FoldedPlan, FoldedTask
from orchestrator.domain.status import PlanState

_OF_THE_SAME_WRITE: Final = frozenset({"TaskRetryCompleted", "PlanProgress", "PlanBreakerTripped", "PlanRollingBack"})
"""What stands between a failure and the way back that it asks for, beside what its breaker asks of the plan."""

_ANSWERS: Final = frozenset({"retry", "skip-stage", "rollback", "cancel"})
"""What is asked of a failed task after which nobody owes it a way back: it moves again, or an event says why not."""


@dataclass(slots=True)
class WayBackView:
    """Failures under such a policy."""

    owed: dict[str, e.Event] = field(default_factory=dict)
    """Of each failed task whose way back nobody has asked for since, its failure. One that has touched nothing, or has
    no config to go back to, has none; the log does not tell which."""
    failing: dict[str, str] = field(default_factory=dict)
    """Of each plan the task whose failure's write goes on."""

    def note(self, event: e.Event, plan: FoldedPlan | None, task: FoldedTask | None) -> None:
        """Moves on by one event; plan and task are as they were before it."""
        if plan is None or not plan.auto_rollback:
            return
        match event:
            case e.TaskFailed() | e.TaskSoakFailed():
                # Not where that comes anyway.
                if task is not None and not task.rollback_asked and plan.state is not PlanState.ROLLING_BACK:
                    self.owed[task.task_id] = event
                    self.failing[plan.plan_id] = task.task_id
                return
            case e.OperationRequested(target_type="task"):
                if event.operation in _ANSWERS:
                    self.owed.pop(event.target_id, None)
            case e.OperationRequested(actor="policy"):
                return
            case _:
                pass
        if event.type not in _OF_THE_SAME_WRITE:
            self.failing.pop(plan.plan_id, None)

    def forget(self, plan_id: str, task_ids: Iterable[str]) -> None:
        """The plan is gone."""
        for task_id in task_ids:
            self.owed.pop(task_id, None)
