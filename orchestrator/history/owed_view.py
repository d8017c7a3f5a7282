"""What an event says comes in the same write, right behind it: the end of the task whose stage has failed, and what was
asked for of a task at which it can be done at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.folded import FoldedTask
from orchestrator.domain.status import TASK_ACTIVE, TaskState

_AT_ONCE: Final[dict[tuple[str, TaskState], tuple[str, ...]]] = {
    ("pause", TaskState.PENDING): ("TaskPaused",),
    ("rollback", TaskState.PENDING): ("TaskPaused",),
    ("cancel", TaskState.PENDING): ("TaskCancelled",),
    ("cancel", TaskState.PAUSED): ("TaskCancelled",),
    ("exclude", TaskState.PENDING): ("TaskCancelled",),
    ("exclude", TaskState.PAUSED): ("TaskCancelled",),
    ("release", TaskState.RUNNING): ("TaskStageFailed", "TaskFailed"),
    ("release", TaskState.ROLLING_BACK): ("TaskStageRollbackFailed", "TaskRollbackFailed"),
    ("accept", TaskState.FAILED): ("TaskFailureAccepted",),
    ("accept", TaskState.ROLLBACK_FAILED): ("TaskFailureAccepted",),
}
"""What is asked of a task in that state, and the events of which one follows."""

_STAYS: Final = ("withdraws", "asItWas", "atOnce")
"""A request of which one is said takes another back, or tells what has been done."""


def is_of_a_newer_release(event: e.Event) -> bool:
    """Whether a newer release may have written it so."""
    return isinstance(event, e.OtherEvent) and not event.fault


@dataclass(frozen=True, slots=True)
class Owed:
    """Behind ``event`` stands one of these ``kinds`` of the task."""

    event: e.StageEvent | e.OperationRequested
    task_id: str
    kinds: tuple[str, ...]

    def is_met_by(self, event: e.Event) -> bool:
        """Also by one in a newer release's form."""
        return getattr(event, "task_id", None) == self.task_id and event.type in self.kinds

    def stays_over(self, event: e.Event, task: FoldedTask | None) -> bool:
        """Whether the event may stand before what is owed: it tells of another, which was not running, whom the end of
        the task leads from its group or tenant to another wait; or only a newer release knows what it tells."""
        if is_of_a_newer_release(event):
            return not self.is_met_by(event)
        waits = isinstance(event, e.TaskWaiting) and event.task_id != self.task_id
        return waits and (task is None or task.state not in TASK_ACTIVE)

    def __str__(self) -> str:
        """Behind what it is owed, in words."""
        if isinstance(self.event, e.OperationRequested):
            return f"the {self.event.operation} of {self.task_id}"
        return f"the failure of {self.event.stage_name} of {self.task_id}"


@dataclass(slots=True)
class OwedView:
    """What each plan's newest write has still to tell."""

    of_plan: dict[str, Owed] = field(default_factory=dict)

    def note(self, event: e.Event, tasks: Mapping[str, FoldedTask]) -> None:
        """Moves on by one event of a plan; the tasks are as they were before it."""
        task = tasks.get(getattr(event, "task_id", None) or "")
        owed = self.of_plan.get(event.plan_id)
        if owed is not None and owed.stays_over(event, task):
            return
        self.of_plan.pop(event.plan_id, None)
        match event:
            case e.TaskStageFailed():
                self.of_plan[event.plan_id] = Owed(event, event.task_id, ("TaskFailed",))
            case e.TaskStageRollbackFailed():
                self.of_plan[event.plan_id] = Owed(event, event.task_id, ("TaskRollbackFailed",))
            case e.OperationRequested(target_type="task") if not any(event.options.get(name) for name in _STAYS):
                task = tasks.get(event.target_id)
                kinds = _AT_ONCE.get((event.operation, task.state)) if task is not None else None
                if task is not None and kinds and task.whole and task.known:
                    self.of_plan[event.plan_id] = Owed(event, task.task_id, kinds)
            case _:
                pass

    def forget(self, plan_id: str, _: Iterable[str]) -> None:
        """The plan is gone."""
        self.of_plan.pop(plan_id, None)
