"""A plan while somebody looks at it, kept up to date at a cost that does not grow with the plan.

It is read once: its record, the tasks that hold a slot, those that failed. From then on its events say who starts,
ends and fails, its record's counters say how many there are of each, and only tasks in sight are read. When a fail-over
has taken events back that had been taken in, it is read anew.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.control.absent import absent
from orchestrator.control.answers import PlanStatus, PlanSummary, TaskStatus
from orchestrator.control.back_waits import BackWaits
from orchestrator.control.consumer import EventConsumer
from orchestrator.control.damage import UNREADABLE, sound
from orchestrator.control.event_cursors import MemoryCursor
from orchestrator.control.export import stages_of
from orchestrator.control.failure_causes import CauseGroup, FailureCauses
from orchestrator.control.fleet_status import current_wave
from orchestrator.control.pace import Pace
from orchestrator.control.possible import FREELY, Possible
from orchestrator.control.status import StatusReader, plan_summary, task_status
from orchestrator.control.task_rows import TaskFilter
from orchestrator.domain import events as e
from orchestrator.domain.fold import ADMISSIONS, TASK_STATE_AFTER, queued_again
from orchestrator.domain.status import DAMAGED, PLAN_ENDED, TASK_ENDED, PlanState, TaskState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.task_id import position_of
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.log_entries import moment
from orchestrator.ledger.reader import Reader

FAILED: Final = frozenset({TaskState.FAILED, TaskState.ROLLBACK_FAILED})
WENT_BACK: Final = frozenset({TaskState.ROLLED_BACK, TaskState.CANCELLED})
"""Nothing of the plan is on their tenants any more."""

PLAN_GOES_BACK: Final = frozenset({PlanState.ROLLING_BACK, PlanState.ROLLED_BACK, PlanState.ROLLBACK_FAILED})

LOOK_BACK: Final = 2000
"""So many of the namespace's newest events are read at first, to know the pace at once."""

MOST_EVENTS: Final = 5000
"""Events taken in one look, so that none takes long; what is left comes with the next."""

_NOTE: Final = re.compile(r"attempt (\d+) of (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MovingTask:
    """A task that holds a slot."""

    task_id: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as it is at this moment: the step that it is at, which attempt, and what that was answered last."""

    task: TaskStatus
    step: str = ""
    attempt: str = ""
    answer: str = ""
    started: datetime | None = None


class LiveView(ABC):
    """One plan; ``look`` brings all that it says up to date. Raises ``NotFound`` and ``Unreachable``."""

    summary: PlanSummary
    now: datetime
    """By Redis' clock, which the times of the events are by."""
    started: datetime | None
    ended: datetime | None
    moving: dict[str, MovingTask]
    """Tasks that hold a slot by id, in the order in which they took it."""
    causes: Iterable[CauseGroup]
    pace: Pace

    @abstractmethod
    def look(self) -> None:
        """Ask for what is new."""

    @abstractmethod
    def views(self, task_ids: Sequence[str]) -> list[TaskView]:
        """These tasks as they are now; those that are gone are left out."""

    @abstractmethod
    def page(self, wanted: TaskFilter, offset: int, limit: int) -> PlanStatus:
        """A page of its tasks, what is of interest first."""

    def resume_now(self) -> Possible:
        """Whether the paused plan would take a resume now, and with which options; who cannot ask takes it for so."""
        return FREELY

    @property
    def total(self) -> int:
        """How many tasks it has."""
        return sum(self.summary.counts.values())

    @property
    def done(self) -> int:
        """See ``done_of``."""
        return done_of(self.summary)

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at its pace; None when nobody can tell."""
        if self.summary.status not in (PlanState.RUNNING, PlanState.ROLLING_BACK) or self.summary.pausing:
            return None
        wave = current_wave(self.summary)
        if wave is not None and wave.state in (WaveState.SOAKING, WaveState.GATED, WaveState.REJECTED):
            return None
        is_tried = self.summary.counts.get(TaskState.ROLLBACK_FAILED, 0) if self.summary.status in PLAN_GOES_BACK else 0
        return self.pace.seconds_for(self.total - self.done - is_tried, self.now)

    @property
    def seconds_run(self) -> float | None:
        """Since it started, up to its end if it has ended; None before."""
        return None if self.started is None else ((self.ended or self.now) - self.started).total_seconds()


class LivePlan(LiveView):
    """The plan in the ledger."""

    causes: FailureCauses

    def __init__(self, reader: Reader, plan_id: str, translated: Callable[[], AbstractContextManager[None]]) -> None:
        """``translated`` turns what Redis' client raises into our errors."""
        self._reader = reader
        self._plan_id = plan_id
        self._translated = translated
        self._status = StatusReader(reader)
        self._back_waits = BackWaits(reader, plan_id)
        self._steps: dict[str, list[str]] = {}
        self.moving = {}
        with translated():
            self._begin()
        self.look()

    def look(self) -> None:
        """Take the events that came, and read the plan's record."""
        with self._translated():
            for taken, event in enumerate(self._consumer.events(follow=False)):
                if taken == MOST_EVENTS or self._consumer.went_back:
                    break
                self._take(event)
            if self._consumer.went_back:
                self._begin()
            else:
                self._read_plan()

    def views(self, task_ids: Sequence[str]) -> list[TaskView]:
        """These tasks as they are now; those that are gone are left out."""
        with self._translated():
            records = self._reader.task_records(task_ids)
            return [self._view(task_id, one) for task_id, one in zip(task_ids, records, strict=True) if one]

    def page(self, wanted: TaskFilter, offset: int, limit: int) -> PlanStatus:
        """A page of its tasks, what is of interest first."""
        with self._translated():
            return self._status.plan(self._plan_id, wanted, offset=offset, limit=limit, by_interest=True)

    def _begin(self) -> None:
        self.causes = FailureCauses()
        self.pace = Pace()
        # Where the log ends is asked before the record is read: what comes in between is taken in twice, not left out.
        since = max(0, self._reader.last_sequence_id(self._plan_id) - LOOK_BACK)
        self._consumer = EventConsumer(self._reader, MemoryCursor(), self._plan_id, since=since)
        record = self._read_plan()
        self._steps = _steps_of(stages_of(self._reader, self._plan_id))
        holders = self._reader.slot_holders(self._plan_id)
        found = [
            task_status(task_id, one, record, None)
            for task_id, one in zip(holders, self._reader.task_records(holders), strict=True)
            if one
        ]
        found.sort(key=lambda task: (task.started_at or "", position_of(task.task_id)))
        self.moving = {task.task_id: MovingTask(task.task_id, task.tenant_id) for task in found}
        if any(int(record.get(f"n:{state}", 0)) for state in FAILED):
            for task in self._status.tasks(self._plan_id, TaskFilter(FAILED)):
                if task.failure_info is not None:
                    self.causes.add(task.task_id, task.tenant_id, task.failure_info)

    def _read_plan(self) -> Mapping[str, str]:
        record = self._reader.plan_record(self._plan_id)
        if not record:
            raise absent(self._reader, "plan", self._plan_id)
        self._record = record
        self.summary = sound(plan_summary(self._plan_id, record, self._reader.freezes.told_now_ms))
        if waits := self._back_waits.words(record):
            self.summary = self.summary.model_copy(update={"waits_because": waits})
        self.now = self._reader.now()
        self.started = moment(record.get("startedAt"))
        self.ended = moment(record.get("endedAt")) if self.summary.status in PLAN_ENDED else None
        return record

    def _take(self, event: e.Event) -> None:
        if isinstance(event, e.OtherEvent):
            return
        self.pace.know_since(event.occurred_at)
        if isinstance(event, e.OperationRequested):
            if event.task_id and queued_again(event.operation, runs=event.task_id in self.moving):
                self.causes.remove(event.task_id)
            return
        state = TASK_STATE_AFTER.get(event.type)
        if state is None or not isinstance(event, e.TaskEvent):
            return
        if event.type in ADMISSIONS:
            self.moving.setdefault(event.task_id, MovingTask(event.task_id, event.tenant_id))
        else:
            self.moving.pop(event.task_id, None)
        if isinstance(event, e.TaskFailed | e.TaskRollbackFailed | e.TaskSoakFailed):
            self.causes.add(event.task_id, event.tenant_id, event.failure_info)
        else:
            self.causes.remove(event.task_id)
        if state in TASK_ENDED:
            self.pace.note_end(event.occurred_at)

    def _view(self, task_id: str, record: Mapping[str, str]) -> TaskView:
        task = task_status(task_id, record, self._record, None)
        cursor = {} if task.status == DAMAGED else read_stored(record.get("cursor") or "{}")
        steps = self._steps.get(task.current_stage or "", [])
        index = cursor.get("step", 0) if isinstance(cursor.get("step"), int) else 0
        step = steps[index] if 0 <= index < len(steps) else ""
        attempt, answer = str(cursor.get("attempt") or ""), str(cursor.get("note") or "")
        if told := _NOTE.fullmatch(answer):
            attempt, answer = f"{told[1]}/{told[2]}", told[3]
        if not answer and record.get("lease") == "queued":
            answer = "waits for a worker"
        started = None if task.status == DAMAGED else moment(record.get("startedAt"))
        return TaskView(task, step, attempt, answer, started)


def done_of(plan: PlanSummary) -> int:
    """How many of its tasks have ended; of a plan that goes or went back as a whole, how many have gone back."""
    ends = WENT_BACK if plan.status in PLAN_GOES_BACK else TASK_ENDED
    return sum(plan.counts.get(state, 0) for state in ends)


def _steps_of(stages: Any) -> dict[str, list[str]]:
    """The types of each stage's steps; none when a hand has damaged them."""
    with suppress(*UNREADABLE):
        return {str(stage.get("name")): [str(step.get("type")) for step in stage.get("steps", [])] for stage in stages}
    return {}


def seconds_between(since: datetime | None, now: datetime) -> float | None:
    """How long ago that was, at least 0; None when it has not been."""
    return None if since is None else max(0.0, (now - since.astimezone(UTC)).total_seconds())
