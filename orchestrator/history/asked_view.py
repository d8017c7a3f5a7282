"""Who asked for what, as far as the log tells it and the fold does not keep it: the evidence of ``asked_rules.py``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import TASK_STATE_AFTER

TAKES_BACK: Final = "rollback_wave"
"""Beside what is asked of a plan: its breaker has taken a wave of it back."""


@dataclass(slots=True)
class AskedView:
    """What has been asked so far, and what the log has said last."""

    newest: dict[str, e.Event] = field(default_factory=dict)
    """Each plan's newest event: what follows from a request stands right behind it."""
    of_plan: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of each plan what has ever been asked of it as a whole."""
    of_task: dict[str, str] = field(default_factory=dict)
    """What was asked of each task last, until it moves: its move stands in the same write, events of others between."""
    retries: Counter[str] = field(default_factory=Counter)
    """How often each task was put back by a retry."""
    retrying: set[str] = field(default_factory=set)
    """Tasks of which a retry has started and not ended."""

    def note(self, event: e.Event) -> None:
        """Moves on by one event of a plan."""
        if isinstance(event, e.OperationRequested) and event.target_type == "task":
            self.of_task[event.target_id] = event.operation
        elif isinstance(event, e.TaskEvent) and event.type in TASK_STATE_AFTER:
            self.of_task.pop(event.task_id, None)
        match event:
            case e.OperationRequested(target_type="plan"):
                self.of_plan[event.plan_id].add(event.operation)
            case e.OperationRequested(operation="retry"):
                self.retries[event.target_id] += 1
            case e.PlanBreakerTripped() if event.action == TAKES_BACK:
                self.of_plan[event.plan_id].add(TAKES_BACK)
            case e.TaskRetryStarted():
                self.retrying.add(event.task_id)
            case e.TaskRetryCompleted():
                self.retrying.discard(event.task_id)
            case _:
                pass
        newest = self.newest.get(event.plan_id)
        if isinstance(newest, e.TaskStageFailed | e.TaskStageRollbackFailed) and leads_on(newest, event):
            return
        self.newest[event.plan_id] = event

    def forget(self, plan_id: str, task_ids: Iterable[str]) -> None:
        """The plan is gone."""
        self.newest.pop(plan_id, None)
        self.of_plan.pop(plan_id, None)
        for task_id in task_ids:
            self.of_task.pop(task_id, None)
            self.retries.pop(task_id, None)
            self.retrying.discard(task_id)


def leads_on(failed: e.StageEvent, event: e.Event) -> bool:
    """Whether it tells of another whom the end of the task leads from its group or tenant to another wait: that is told
    before the end."""
    return isinstance(event, e.TaskWaiting) and event.task_id != failed.task_id
