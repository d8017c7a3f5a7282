"""The fold of the log and, beside it, what the rules need as evidence: which events showed what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Final, Protocol

from orchestrator.domain import events as e
from orchestrator.domain.fold import PLAN_STATE_AFTER, LogFold
from orchestrator.domain.folded import FoldedPlan
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.history.asked_view import AskedView
from orchestrator.history.freeze_view import FreezeView, ms_of
from orchestrator.history.group_view import GroupView
from orchestrator.history.owed_view import OwedView
from orchestrator.history.pace_view import PaceView
from orchestrator.history.queue_view import QueueView
from orchestrator.history.way_back_view import WayBackView

StageKey = tuple[int, str, int]
"""Attempt, mode (the task's state) and index of a stage in its plan."""

RequestOn = tuple[str, str]
"""A request's id, and what it acts on."""

_STARTED = (PlanState.RUNNING, PlanState.ROLLING_BACK)


def asked_by(event: e.Event) -> RequestOn | None:
    """Whose request it tells of, and what that acts on: no operation tells of a gate's answer, or of a freeze."""
    request_id = getattr(event, "request_id", None)
    if not request_id:
        return None
    if isinstance(event, e.OperationRequested):
        return request_id, event.target_id
    return request_id, f"{event.plan_id or 'the namespace'} by {event.type}"


class PlanMemory(Protocol):
    """What the fold does not keep, and some rules need."""

    def forget(self, plan_id: str, task_ids: Iterable[str]) -> None:
        """The plan is gone: abandoned, or purged. Its id, and those of its tasks, are free for others, of which nothing
        holds that was told of these."""


class World(LogFold):
    """Everything that the log has told so far. ``stage_names`` answers the stages in order of the plan of an id that
    was created with a planSequenceId, () if not known: a purged plan's id may be another's now."""

    def __init__(
        self,
        stage_names: Callable[[str, int], tuple[str, ...]],
        *,
        is_cut: bool = False,
        damaged: Collection[str] = (),
    ) -> None:
        super().__init__()
        self._stage_names = stage_names
        self._damaged = damaged
        self.is_cut = is_cut
        """The log may begin anywhere; plans and tasks that it does not create are no fault then."""
        self.stages: dict[str, tuple[str, ...]] = {}
        self.recorded: defaultdict[str, dict[StageKey, int]] = defaultdict(dict)
        """Of each task, what was recorded over all attempts, and by which event; of those that are gone too, whose
        effects are still to be judged."""
        self.recoveries: defaultdict[str, list[e.TaskRecovered]] = defaultdict(list)
        """Of those that are gone too: an epoch rises over them all, and their effects may have come twice."""
        self.plan_numbers: dict[str, int] = {}
        """The last planSequenceId of each plan, of those that are gone too."""
        self.plan_times: dict[str, int] = {}
        """When each plan's newest event was written, in ms; of those that are gone too."""
        self.plan_starts: dict[str, int] = {}
        """When each plan first could act, in ms."""
        self.queue = QueueView()
        self.freezes = FreezeView()
        self.groups = GroupView()
        self.pace = PaceView()
        self.asked = AskedView()
        self.owed = OwedView()
        self.way_back = WayBackView()
        self.views: Final[tuple[PlanMemory, ...]] = (
            self.queue,
            self.freezes,
            self.groups,
            self.pace,
            self.asked,
            self.owed,
            self.way_back,
        )
        self.trips: dict[str, e.PlanBreakerTripped] = {}
        """Of each plan whose last event was that of a breaker: the first of its write."""
        self.requests: dict[RequestOn, e.Event] = {}
        """What was asked for first, by whose request and of what."""

    def apply(self, event: e.Event) -> None:
        """Moves on by one event."""
        if event.sequence_id <= self.sequence:
            return
        self.freezes.note(event)
        self.pace.note(event)
        if asked := asked_by(event):
            self.requests.setdefault(asked, event)
        task = self.tasks.get(event.task_id) if isinstance(event, e.TaskEvent) else None
        self.groups.note(event, task)
        if not event.plan_id:
            super().apply(event)
            return
        self._note_trip(event)
        plan = self.plans.get(event.plan_id)
        self.way_back.note(event, plan, task)
        self.asked.note(event)
        self.owed.note(event, self.tasks)
        paused = self._paused_before(event)
        super().apply(event)
        self._note_waiters(event, paused)
        self.plan_numbers[event.plan_id] = event.plan_sequence_id
        self.plan_times[event.plan_id] = ms_of(event.occurred_at)
        if PLAN_STATE_AFTER.get(event.type) in _STARTED:
            self.plan_starts.setdefault(event.plan_id, ms_of(event.occurred_at))
        if isinstance(event, e.PlanCreated):
            self.stages[event.plan_id] = self._stage_names(event.plan_id, event.plan_sequence_id)
        elif isinstance(event, e.TaskRecovered):
            self.recoveries[event.task_id].append(event)
        elif isinstance(event, e.TaskStageSucceeded):
            self._record(event, TaskState.RUNNING)
        elif isinstance(event, e.TaskStageRolledBack):
            self._record(event, TaskState.ROLLING_BACK)

    def _forget(self, plan: FoldedPlan) -> None:
        super()._forget(plan)
        for view in self.views:
            view.forget(plan.plan_id, plan.tasks)
        self.plan_starts.pop(plan.plan_id, None)
        self.stages.pop(plan.plan_id, None)

    def pass_by(self, event: e.Event) -> None:
        """Counts one that cannot be read, and goes by nothing else that it says."""
        self.sequence = max(self.sequence, event.sequence_id)
        # What stands behind it may follow from it.
        self.asked.newest.pop(event.plan_id or "", None)
        self.owed.of_plan.pop(event.plan_id or "", None)
        if event.plan_sequence_id:
            self.plan_numbers[event.plan_id] = event.plan_sequence_id

    def _note_trip(self, event: e.Event) -> None:
        if isinstance(event, e.PlanBreakerTripped):
            self.trips.setdefault(event.plan_id, event)
        else:
            self.trips.pop(event.plan_id, None)

    def is_damaged(self, plan_id: str) -> bool:
        """Whether a hand has damaged the plan: it may have moved with no event."""
        return plan_id in self._damaged

    def is_gone(self, plan_id: str) -> bool:
        """Whether the log tells of the plan, and that it was abandoned or purged."""
        return plan_id in self.plan_numbers and plan_id not in self.plans

    def _paused_before(self, event: e.Event) -> tuple[str, ...]:
        """What the resume of a plan lets go on."""
        is_resume = isinstance(event, e.OperationRequested) and event.target_type == "plan"
        return tuple(self.plans[event.plan_id].paused) if is_resume and event.plan_id in self.plans else ()

    def _note_waiters(self, event: e.Event, paused: tuple[str, ...]) -> None:
        plan = self.plans.get(event.plan_id)
        if plan is None:
            return
        asked = [*paused, event.target_id] if isinstance(event, e.OperationRequested) else []
        if isinstance(event, e.TaskCreated):
            asked.append(event.task_id)
        for task in (plan.tasks[task_id] for task_id in asked if task_id in plan.tasks):
            if task.state is TaskState.PENDING:
                self.queue.put(task)
            if task.rollback_asked:
                self.queue.put_rollback(task)

    def _record(self, event: e.StageEvent, mode: TaskState) -> None:
        names = self.stages.get(event.plan_id, ())
        if event.stage_name in names:
            key = (self.tasks[event.task_id].attempt, mode.value, names.index(event.stage_name))
            self.recorded[event.task_id][key] = event.sequence_id
