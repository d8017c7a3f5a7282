"""How plans, tasks and tenants stand, asked of a console."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from orchestrator.control.answers import PlanStatus, PlanSummary, TaskStatus
from orchestrator.control.page_answers import (
    CheckpointPage,
    PlanFailures,
    PlanPage,
    TaskPage,
    TenantPage,
    TenantView,
)
from orchestrator.control.task_rows import EVERY_TASK, TaskFilter
from orchestrator.domain.events import Event
from orchestrator.doors.remote.answers import Page, mappings, member_of, model_of, next_page, rows_of, whole_number
from orchestrator.doors.remote.connection import Connection, at
from orchestrator.doors.remote.event_lines import event_of_json

PAGE_ROWS: Final = 500
"""Of a page: the most that a console gives."""


def all_pages(page: Callable[[str | None], Page]) -> Iterator[Page]:
    """Every page from the first on; ``page`` asks for the one at a cursor."""
    cursor: str | None = None
    while True:
        found = page(cursor)
        yield found
        if (cursor := found.next_cursor) is None:
            return


class RemoteTells:
    """By requests, many rows in several."""

    def __init__(self, connection: Connection, pages: RemotePages) -> None:
        self._to = connection
        self._pages = pages

    def plan(
        self,
        plan_id: str,
        wanted: TaskFilter = EVERY_TASK,
        *,
        limit: int | None = None,
        offset: int = 0,
        by_interest: bool = False,
    ) -> PlanStatus:
        summary = self.summary(plan_id)
        query = _query(wanted) | {"sort": "interest" if by_interest else "plan"}
        tasks: list[TaskStatus] = []
        while True:
            rows = PAGE_ROWS if limit is None else min(PAGE_ROWS, limit - len(tasks))
            found = self._to.get(at("plans", plan_id, "tasks"), **query, offset=offset + len(tasks), limit=rows)
            page = rows_of(TaskStatus, found, "tasks")
            tasks += page
            if len(page) < rows or rows < PAGE_ROWS or not rows:
                break
        return PlanStatus(**dict(summary), matching=member_of(found, "matching", whole_number), tasks=tasks)

    def tasks(self, plan_id: str, wanted: TaskFilter = EVERY_TASK) -> Iterator[TaskStatus]:
        for page in all_pages(lambda cursor: self._pages.tasks(plan_id, wanted, PAGE_ROWS, cursor)):
            yield from page.tasks

    def summary(self, plan_id: str) -> PlanSummary:
        return model_of(PlanSummary, self._to.get(at("plans", plan_id)))

    def plans(self) -> list[PlanSummary]:
        return [
            plan for page in all_pages(lambda cursor: self._pages.plans(None, PAGE_ROWS, cursor)) for plan in page.plans
        ]

    def task(self, task_id: str) -> TaskStatus:
        return model_of(TaskStatus, self._to.get(at("tasks", task_id)))

    def tenant(self, tenant_id: str) -> TaskStatus:
        return model_of(TaskStatus, self._to.get(at("tenants", tenant_id, "task")))


class RemotePages:
    """By requests, a page each."""

    def __init__(self, connection: Connection) -> None:
        self._to = connection

    def plans(self, statuses: Collection[str] | None, limit: int, cursor: str | None) -> PlanPage:
        status = None if statuses is None else sorted(statuses)
        return next_page(PlanPage, self._to.get("/plans", status=status, limit=limit, cursor=cursor), cursor)

    def tasks(self, plan_id: str, wanted: TaskFilter, limit: int, cursor: str | None) -> TaskPage:
        found = self._to.get(at("plans", plan_id, "tasks"), **_query(wanted), limit=limit, cursor=cursor)
        return next_page(TaskPage, found, cursor)

    def failures(self, plan_id: str) -> PlanFailures:
        return model_of(PlanFailures, self._to.get(at("plans", plan_id, "failures")))

    def tenant(self, tenant_id: str) -> TenantView:
        return model_of(TenantView, self._to.get(at("tenants", tenant_id)))

    def tenants(self, label: str | None, pattern: str | None, limit: int, cursor: str | None) -> TenantPage:
        found = self._to.get("/tenants", label=label, tenant=pattern, limit=limit, cursor=cursor)
        return next_page(TenantPage, found, cursor)

    def events(self, plan_id: str | None, since: int, limit: int) -> list[Event]:
        found = self._to.get("/events", plan=plan_id, since=since, limit=limit)
        return [event_of_json(one) for one in member_of(found, "events", mappings)]

    def checkpoints(self, plan_id: str, limit: int, cursor: str | None) -> CheckpointPage:
        found = self._to.get(at("plans", plan_id, "checkpoints"), limit=limit, cursor=cursor)
        return next_page(CheckpointPage, found, cursor)


def _query(wanted: TaskFilter) -> dict[str, Any]:
    every = wanted.statuses == EVERY_TASK.statuses
    status = None if every else sorted(state.value for state in wanted.statuses)
    return {"status": status, "tenant": wanted.tenants, "cause": wanted.cause, "wave": wanted.wave}
