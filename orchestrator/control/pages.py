"""Pages of plans and tasks, each from a cursor on. What one request reads is bounded, however large the plan is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Final

from orchestrator.control.cursors import plan_place, task_place
from orchestrator.control.page_answers import PlanPage, TaskPage
from orchestrator.control.status import StatusReader, plan_summary
from orchestrator.control.task_rows import TaskFilter, wave_index
from orchestrator.domain.status import TaskState
from orchestrator.ledger.page_reads import PlanPlace
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.task_search import LOOKED_AT, Only

MOST_ROWS: Final = 500
"""Of a page."""

PLANS_LOOKED_AT: Final = 2000
"""Records of plans that one page reads at most, to find those that were asked for."""

STEPS: Final = 10
"""Steps of the search through a plan's tasks that one page takes at most: 20,000 tasks, some 20 ms."""


class Pages:
    """Of one namespace. Raises ``InvalidInput`` for a cursor that none of its answers gave."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._status = StatusReader(reader)

    def plans(self, statuses: Collection[str] | None, limit: int, cursor: str | None) -> PlanPage:
        """Plans in these statuses, the newest first."""
        place, found, looked_at = plan_place(cursor), list[tuple[PlanPlace, dict[str, str]]](), 0
        while looked_at < PLANS_LOOKED_AT:
            # One more than are asked for, where that tells whether there are more.
            asked = limit + 1 if statuses is None else MOST_ROWS
            places = self._reader.pages.plans_after(place, asked)
            records = self._reader.plan_records([one.plan_id for one in places])
            found += [
                (one, record)
                for one, record in zip(places, records, strict=True)
                if record and (statuses is None or record.get("status") in statuses)
            ]
            looked_at += len(places)
            if len(places) < asked:
                return self._plan_page(found, limit, None)
            place = places[-1]
            if len(found) > limit:
                break
        return self._plan_page(found, limit, place)

    def _plan_page(
        self, found: Sequence[tuple[PlanPlace, dict[str, str]]], limit: int, place: PlanPlace | None
    ) -> PlanPage:
        page = found[:limit]
        if len(found) > limit:
            place = page[-1][0]
        told_now_ms = cache(self._reader.freezes.told_now_ms)
        plans = [plan_summary(one.plan_id, record, told_now_ms) for one, record in page]
        return PlanPage(plans=plans, next_cursor=None if place is None else str(place))

    def tasks(self, plan_id: str, wanted: TaskFilter, limit: int, cursor: str | None) -> TaskPage:
        """Tasks of a plan in its order. Raises ``NotFound``."""
        begin = task_place(cursor)
        summary = self._status.summary(plan_id)
        total = self._status.task_count(plan_id)
        matching = sum(summary.counts.get(state, 0) for state in wanted.statuses) if wanted.is_counted else None
        if wanted.is_counted and wanted.statuses == frozenset(TaskState):
            end = min(begin + limit, total)
            positions: Sequence[int] = range(min(begin, end), end)
            following = end if end < total else None
        elif matching == 0:
            positions, following = (), None
        else:
            waves = [wave.name for wave in summary.waves]
            wave = None if wanted.wave is None else wave_index(wanted.wave, waves)
            positions, following = self._search(
                plan_id, total, wanted, Only(wanted.tenants, wanted.cause, wave), limit, begin
            )
        tasks = self._status.tasks_at(plan_id, positions)
        return TaskPage(
            plan_id=plan_id,
            tasks=tasks,
            matching=matching,
            next_cursor=None if following is None else str(following),
        )

    def _search(
        self, plan_id: str, total: int, wanted: TaskFilter, only: Only, limit: int, begin: int
    ) -> tuple[list[int], int | None]:
        """Positions of the next tasks that are wanted, and where to go on: None at the plan's end."""
        states = sorted(state.value for state in wanted.statuses)
        found: list[int] = []
        place = begin
        for number, step in enumerate(self._reader.find_tasks(plan_id, total, states, only, begin), 1):
            found += sorted(position for positions in step.values() for position in positions)
            if len(found) > limit:
                return found[:limit], found[limit]
            place = begin + number * LOOKED_AT
            if number == STEPS:
                break
        return found, place if place < total else None
