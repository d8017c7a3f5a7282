"""A plan that somebody watches through a console."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orchestrator.control.answers import PlanStatus
from orchestrator.control.door import Tells
from orchestrator.control.failure_causes import CauseGroup, FailureCause
from orchestrator.control.live_plan import LiveView, MovingTask, TaskView
from orchestrator.control.pace import Pace
from orchestrator.control.page_answers import FailureGroup, LivePlanView
from orchestrator.control.task_rows import TaskFilter
from orchestrator.doors.remote.answers import model_of
from orchestrator.doors.remote.connection import Connection, at


class RemoteLive(LiveView):
    """By requests: the console does the looking, once for all who watch."""

    def __init__(self, connection: Connection, tells: Tells, plan_id: str) -> None:
        self._to = connection
        self._tells = tells
        self._plan_id = plan_id
        self.look()

    def look(self) -> None:
        self._take(self._ask())

    def views(self, task_ids: Sequence[str]) -> list[TaskView]:
        asked = set(task_ids)
        found = self._ask(task=list(task_ids)).moving if task_ids else []
        return [
            TaskView(one.task, one.step, one.attempt, one.answer, one.started_at)
            for one in found
            if one.task is not None and one.task_id in asked
        ]

    def page(self, wanted: TaskFilter, offset: int, limit: int) -> PlanStatus:
        return self._tells.plan(self._plan_id, wanted, offset=offset, limit=limit, by_interest=True)

    def _ask(self, **query: Any) -> LivePlanView:
        return model_of(LivePlanView, self._to.get(at("plans", self._plan_id, "live"), **query))

    def _take(self, found: LivePlanView) -> None:
        self.summary, self.now = found.plan, found.now
        self.started, self.ended = found.started_at, found.ended_at
        self.moving = {one.task_id: MovingTask(one.task_id, one.tenant_id) for one in found.moving}
        self.causes = [_cause(group) for group in found.failures]
        self.pace = _ToldPace(found.per_minute)


class _ToldPace(Pace):
    """One that the console has counted."""

    def __init__(self, per_minute: float | None) -> None:
        super().__init__()
        self._told = per_minute

    def per_minute(self, now: datetime) -> float | None:
        return self._told


def _cause(group: FailureGroup) -> CauseGroup:
    tenants = {one.task_id: one.tenant_id for one in group.samples}
    cause = FailureCause(group.type, group.stage_name or "", group.step_name or "")
    return CauseGroup(cause, group.message, tenants, group.count - len(tenants))
