"""Who asked for what, as far as the log tells it and the fold does not keep it: the evidence of ``asked_rules.py``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain import events as e

TAKES_BACK: Final = "rollback_wave"
"""Beside what is asked of a plan: its breaker has taken a wave of it back."""


@dataclass(slots=True)
class AskedView:
    """What has been asked so far, and what the log has said last."""

    newest: dict[str, e.Event] = field(default_factory=dict)
    """Each plan's newest event: what follows from a request stands right behind it."""
    of_plan: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of each plan what has ever been asked of it as a whole."""
    retries: Counter[str] = field(default_factory=Counter)
    """How often each task was put back by a retry."""
    retrying: set[str] = field(default_factory=set)
    """Tasks of which a retry has started and not ended."""

    def note(self, event: e.Event) -> None:
        """Moves on by one event of a plan."""
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
        self.newest[event.plan_id] = event

    def forget(self, plan_id: str, task_ids: Iterable[str]) -> None:
        """The plan is gone."""
        self.newest.pop(plan_id, None)
        self.of_plan.pop(plan_id, None)
        for task_id in task_ids:
            self.retries.pop(task_id, None)
            self.retrying.discard(task_id)
