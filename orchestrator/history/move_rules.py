"""I7, I13: plans, tasks and waves move as the tables say, and no other way: what no script can do, no log may tell.

Each rule looks at one event and the world before it. What the log does not tell from its beginning on (it was cut
there) is judged from the first state on that is certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import PLAN_STATE_AFTER, TASK_STATE_AFTER
from orchestrator.domain.fold_fleet import STATE_AFTER as WAVE_STATE_AFTER
from orchestrator.domain.fold_fleet import wave_named
from orchestrator.domain.folded import FoldedTask
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.transitions import PLAN_TRANSITIONS, TASK_MOVES, TASK_TRANSITIONS, Guard, Transition, Trigger
from orchestrator.domain.waves import WAVE_MOVES, WaveMove
from orchestrator.history.report import Report
from orchestrator.history.world import World

_Row = Transition[TaskState] | Transition[PlanState] | WaveMove


def _told(rows: Iterable[_Row], state_after: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Source and event of every row, of its events the one that tells of the move: others are written beside it."""
    return frozenset((row.source, kind) for row in rows for kind in row.events if state_after.get(kind) == row.target)


_TASK_TOLD: Final = _told(TASK_TRANSITIONS, TASK_STATE_AFTER)
_PLAN_TOLD: Final = _told(PLAN_TRANSITIONS, PLAN_STATE_AFTER)
_WAVE_TOLD: Final = _told(WAVE_MOVES, WAVE_STATE_AFTER)
# Moves that have no event of their own: the request tells them.
_ASKED: Final = {"retry": Trigger.RETRY, "skip-stage": Trigger.SKIP_STAGE, "resume": Trigger.RESUME}
_FROM_SCRATCH: Final = {row.source for row in TASK_TRANSITIONS if row.guard is Guard.RETRIES_LEFT_FROM_SCRATCH}
_HELD_BACK: Final = frozenset({TaskState.PENDING, TaskState.PAUSED})
_NO_ROW: Final = "no row of the table"


def task_move(world: World, event: e.Event, report: Report) -> None:
    """I7: a task goes from its state only where a row of the table leads, told by one of the row's events."""
    if not isinstance(event, e.TaskEvent) or event.type not in TASK_STATE_AFTER:
        return
    task = _certain(world, event, event.task_id)
    if task is not None and not any((state, event.type) in _TASK_TOLD for state in _may_be(task)):
        message = f"{event.type} of {task.task_id}, which is {task.state}: {_NO_ROW}"
        report.add("I7", message, task.last, event)


def task_asked(world: World, event: e.Event, report: Report) -> None:
    """I7: a request puts back into the queue only what a row of the table leads there."""
    if not isinstance(event, e.OperationRequested) or event.operation not in _ASKED:
        return
    task = _certain(world, event, event.target_id)
    if task is None:
        return
    trigger = _ASKED[event.operation]
    # The resume of one that has not stopped takes the wish back; that of one that waits changes nothing.
    stays = trigger is Trigger.RESUME and task.state in (TaskState.RUNNING, TaskState.PENDING)
    if not stays and (task.state, trigger) not in TASK_MOVES:
        message = f"{event.operation} of {task.task_id}, which is {task.state}: {_NO_ROW}"
        report.add("I7", message, task.last, event)
    elif trigger is Trigger.RETRY and task.state in _FROM_SCRATCH and event.options.get("fromCheckpoint"):
        message = f"retry of {task.task_id} from its checkpoint, which is {task.state}: from scratch only"
        report.add("I7", message, task.last, event)


def plan_move(world: World, event: e.Event, report: Report) -> None:
    """I7: a plan goes from its state only where a row of the table leads, told by one of the row's events."""
    plan = world.plans.get(event.plan_id)
    # A second creation is no move: I11.
    if plan is None or not plan.known or event.type not in PLAN_STATE_AFTER or isinstance(event, e.PlanCreated):
        return
    if (plan.state, event.type) not in _PLAN_TOLD and not world.is_damaged(event.plan_id):
        message = f"{event.type} of {plan.plan_id}, which is {plan.state}: {_NO_ROW}"
        report.add("I7", message, plan.last, event)


def wave_move(world: World, event: e.Event, report: Report) -> None:
    """I13: a wave goes on only where a row of its table leads."""
    plan = world.plans.get(event.plan_id)
    if plan is None or event.type not in WAVE_STATE_AFTER:
        return
    wave = wave_named(plan, getattr(event, "wave", None))
    if wave is not None and (wave.state, event.type) not in _WAVE_TOLD and not world.is_damaged(event.plan_id):
        message = f"{event.type} of wave {wave.name}, which is {wave.state}: {_NO_ROW}"
        report.add("I13", message, event)


def _certain(world: World, event: e.Event, task_id: str) -> FoldedTask | None:
    """The task, if the log says for certain in which state it is."""
    task = world.tasks.get(task_id)
    return task if task is not None and task.known and not world.is_damaged(event.plan_id) else None


def _may_be(task: FoldedTask) -> frozenset[TaskState]:
    """Whether it is paused by itself or by its plan, which lets it go on, may have been told before the cut."""
    return _HELD_BACK if not task.whole and task.state in _HELD_BACK else frozenset({task.state})
