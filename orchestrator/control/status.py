"""Turns the ledger's records into what people and scripts see: plan and task statuses."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Final

from orchestrator.control.absent import absent
from orchestrator.control.answers import DeployUnit, LastOperation, PlanStatus, PlanSummary, TaskStatus
from orchestrator.control.asked import paused_by
from orchestrator.control.damage import UNREADABLE
from orchestrator.control.fleet_status import fleet_fields, with_hold
from orchestrator.control.task_rows import EVERY_TASK, TaskFilter, TaskRows
from orchestrator.control.tenant_target import other_tasks
from orchestrator.control.tenants import current_unit, last_known_good
from orchestrator.control.wait_words import wait_words
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import DAMAGED, PLAN_OPEN, TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.task_id import plan_of, position_of, task_id_of, tasks_in
from orchestrator.ledger.log_entries import iso, moment
from orchestrator.ledger.reader import PAGE, Reader
from orchestrator.ledger.records import Record
from steps.instances.health_matrix import in_words

_BACK: Final = {"old version": "new version"}


class StatusReader:
    """Answers "where does it stand" from the ledger; raises ``NotFound`` for what does not exist."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def plan(
        self,
        plan_id: str,
        wanted: TaskFilter = EVERY_TASK,
        *,
        limit: int | None = None,
        offset: int = 0,
        by_interest: bool = False,
    ) -> PlanStatus:
        """The plan with its tasks, or a page of them: those that are ``wanted``, ``limit`` of them from ``offset`` on.

        In plan order, or ``by_interest``: what failed first, then what moves, then what waits.
        """
        record = self._plan_record(plan_id)
        summary = self._summary(plan_id, record)
        rows = self._rows(plan_id, record, summary)
        positions, matching = rows.page(wanted, offset, limit, by_interest=by_interest)
        tasks = self._wanted_at(record, plan_id, positions, wanted)
        return PlanStatus(**dict(summary), matching=matching, tasks=tasks)

    def tasks(self, plan_id: str, wanted: TaskFilter = EVERY_TASK) -> Iterator[TaskStatus]:
        """Every task of the plan, or those that are ``wanted``, in plan order and in bounded memory."""
        record = self._plan_record(plan_id)
        positions = self._positions(plan_id, record, wanted)
        for start in range(0, len(positions), PAGE):
            yield from self._wanted_at(record, plan_id, positions[start : start + PAGE], wanted)

    def task_ids(self, plan_id: str, statuses: Collection[TaskState]) -> list[str]:
        """Ids of the plan's tasks in these statuses, in plan order."""
        found = self._positions(plan_id, self._plan_record(plan_id), TaskFilter(frozenset(statuses)))
        return [task_id_of(plan_id, position) for position in found]

    def tasks_at(self, plan_id: str, positions: Sequence[int]) -> list[TaskStatus]:
        """The tasks at these positions of the plan."""
        return self._at(self._plan_record(plan_id), plan_id, positions)

    def tasks_with_configs(self, plan_id: str) -> Iterator[tuple[TaskStatus, str]]:
        """Every task of the plan with its config as JSON, in plan order, a page at a time."""
        record = self._plan_record(plan_id)
        total = tasks_in(record)
        for start in range(0, total, PAGE):
            task_ids = [task_id_of(plan_id, position) for position in range(start, min(start + PAGE, total))]
            statuses = self._statuses(record, task_ids, self._reader.task_records(task_ids))
            configs = self._reader.configs([status.task_id for status in statuses])
            yield from zip(statuses, configs, strict=True)

    def summary(self, plan_id: str) -> PlanSummary:
        """The plan without its tasks: one record, whatever its size."""
        return self._summary(plan_id, self._plan_record(plan_id))

    def task_count(self, plan_id: str) -> int:
        """How many tasks the plan has."""
        return tasks_in(self._plan_record(plan_id))

    def plans(self) -> list[PlanSummary]:
        """All plans, the newest first."""
        plan_ids = self._reader.plan_ids()
        records = self._reader.plan_records(plan_ids)
        told_now_ms = cache(self._reader.freezes.told_now_ms)
        return [
            plan_summary(plan_id, record, told_now_ms)
            for plan_id, record in zip(plan_ids, records, strict=True)
            if record
        ]

    def task(self, task_id: str) -> TaskStatus:
        """One task, and what its tenant is."""
        record = self._reader.task_records([task_id])[0]
        if not record and not self._is_gone(task_id):
            raise absent(self._reader, "task", task_id)
        status = self._statuses(self._plan_record(plan_of(task_id)), [task_id], [record])[0]
        return status.model_copy(update=self._units(status.tenant_id)) if record else status

    def _is_gone(self, task_id: str) -> bool:
        """Of a task without a record: whether its plan has one, so that a hand, or a lost disk, has taken it."""
        plan_id = plan_of(task_id)
        with contextlib.suppress(ValueError):
            return 0 <= position_of(task_id) < tasks_in(self._reader.plan_record(plan_id))
        return False

    def tenant(self, tenant_id: str) -> TaskStatus:
        """The task that speaks for the tenant; what the tenant is; and its other open tasks."""
        tasks = self._reader.tenant_tasks(tenant_id)
        if not (speaker := tasks.speaker):
            raise absent(self._reader, "task of tenant", tenant_id)
        return self.task(speaker).model_copy(update={"other_tasks": other_tasks(tasks, speaker)})

    def task_id_of(self, tenant_id: str) -> str:
        """The id of the task that speaks for the tenant."""
        task_id = self._reader.task_of_tenant(tenant_id)
        if task_id is None:
            raise absent(self._reader, "task of tenant", tenant_id)
        return task_id

    def _summary(self, plan_id: str, record: Record) -> PlanSummary:
        return plan_summary(plan_id, record, self._reader.freezes.told_now_ms)

    def _plan_record(self, plan_id: str) -> Record:
        record = self._reader.plan_record(plan_id)
        if not record:
            raise absent(self._reader, "plan", plan_id)
        return record

    def _positions(self, plan_id: str, record: Record, wanted: TaskFilter) -> Sequence[int]:
        return self._rows(plan_id, record, self._summary(plan_id, record)).page(wanted)[0]

    def _rows(self, plan_id: str, record: Record, summary: PlanSummary) -> TaskRows:
        waves = [wave.name for wave in summary.waves]
        return TaskRows(self._reader, plan_id, tasks_in(record), summary.counts, waves)

    def _at(self, plan: Record, plan_id: str, positions: Sequence[int]) -> list[TaskStatus]:
        task_ids = [task_id_of(plan_id, position) for position in positions]
        return self._statuses(plan, task_ids, self._reader.task_records(task_ids))

    def _units(self, tenant_id: str) -> dict[str, DeployUnit | None]:
        """What the tenant is now, and what a health check confirmed last."""
        record = self._reader.tenant_records([tenant_id])[0]
        return {"current": current_unit(record), "last_known_good": last_known_good(record)}

    def _wanted_at(self, plan: Record, plan_id: str, positions: Sequence[int], wanted: TaskFilter) -> list[TaskStatus]:
        # One that moved on between the two looks is no longer what was asked for.
        return [task for task in self._at(plan, plan_id, positions) if task.status in (*wanted.statuses, DAMAGED)]

    def _statuses(self, plan: Record, task_ids: Sequence[str], records: Sequence[Record]) -> list[TaskStatus]:
        waiting = sorted({record.get("tenant", "") for record in records if record.get("waitingSince")})
        holders = {
            tenant_id: record.get("holder")
            for tenant_id, record in zip(waiting, self._reader.tenant_records(waiting), strict=True)
        }
        reasons = wait_words(self._reader, task_ids, records)
        return [
            task_status(task_id, record, plan, holders.get(record.get("tenant", ""))).model_copy(
                update={"waits_because": reason}
            )
            for task_id, record, reason in zip(task_ids, records, reasons, strict=True)
        ]


def plan_summary(plan_id: str, record: Record, told_now_ms: Callable[[], int]) -> PlanSummary:
    """A plan's record as a summary, ``DAMAGED`` if it cannot be read; states without tasks are not counted.
    ``told_now_ms``: the time that people are shown, asked where a plan waits for a time."""
    try:
        return with_hold(_plan_summary(plan_id, record, told_now_ms))
    except UNREADABLE:
        return PlanSummary(
            plan_id=plan_id, name=record.get("name", plan_id), status=DAMAGED, max_concurrency=0, counts={}
        )


def _plan_summary(plan_id: str, record: Record, told_now_ms: Callable[[], int]) -> PlanSummary:
    counts = {state.value: int(record.get(f"n:{state}", 0)) for state in TaskState}
    for field in ("startedAt", "endedAt"):
        moment(record.get(field))
    return PlanSummary(
        plan_id=plan_id,
        name=record["name"],
        status=PlanState(record["status"]).value,
        pausing=record.get("pauseRequested") == "1" and record["status"] in (PlanState.READY, PlanState.RUNNING),
        cancelling=record.get("cancelRequested") == "1" and record["status"] in PLAN_OPEN,
        resuming=record.get("resuming") == "1",
        retrying="retryCursor" in record,
        max_concurrency=int(record["max"]),
        counts={state: count for state, count in counts.items() if count},
        accepted_failures=int(record.get("n:accepted", 0)) + int(record.get("n:skipped", 0)),
        last_operation=_last_operation(record),
        paused_by=paused_by(record),
        **fleet_fields(plan_id, record, told_now_ms),
    )


def task_status(task_id: str, record: Record, plan: Record, holder: str | None) -> TaskStatus:
    """A task's record as its status, ``DAMAGED`` if it or its plan's cannot be read; ``holder`` is who holds the tenant
    that it waits for."""
    try:
        return _task_status(task_id, record, plan, holder)
    except UNREADABLE:
        tenant_id = record.get("tenant", "")
        return TaskStatus(task_id=task_id, plan_id=plan_of(task_id), tenant_id=tenant_id, status=DAMAGED)


def _task_status(task_id: str, record: Record, plan: Record, holder: str | None) -> TaskStatus:
    status = TaskState(record["status"])
    total = int(record.get("legs") or plan["stages"])
    done = int(record.get("stage", 0))
    # Each has a field of its own, as in ``Reader.stage_names``.
    stages = range(min(int(plan["stages"]), len(plan)))
    names = [plan.get(f"stage:{index}", f"(stage {index + 1})") for index in stages]
    if "legs" in record:
        names = names[:total] if plan.get("rollbackOrder") == "forward" else names[:total][::-1]
    active = status in TASK_ACTIVE
    failure, went_back = record.get("failure"), record.get("wentBackFor")
    return TaskStatus(
        task_id=task_id,
        plan_id=plan_of(task_id),
        tenant_id=record["tenant"],
        status=status,
        current_stage=names[done] if active and done < total else None,
        completed_stages=done,
        total_stages=total,
        progress_percent=round(100 * done / total, 1) if total else 0.0,
        pause_requested=record.get("pauseRequested") == "1",
        cancel_requested=record.get("cancelRequested") == "1",
        rollback_requested=record.get("rollbackRequested") == "1",
        retry_count=int(record.get("retries", 0)),
        started_at=_iso(record.get("startedAt")),
        ended_at=_iso(record.get("endedAt")),
        duration_millis=int(record["durationMillis"]) if "durationMillis" in record else None,
        paused_millis=int(record.get("pausedMillis", 0)) if "durationMillis" in record else None,
        waiting_for=holder if record.get("waitingSince") else None,
        goes_back="legs" in record,
        accepted=record.get("accepted") == "1",
        skipped_stages=record["skipped"].split("\n") if "skipped" in record else [],
        verdicts=_verdicts(record),
        failure_info=FailureInfo.model_validate_json(failure) if failure else None,
        sent_back=record.get("sentBack") == "1",
        went_back_for=FailureInfo.model_validate_json(went_back) if went_back else None,
        last_operation=_last_operation(record),
        paused_by=paused_by(record),
    )


def _verdicts(record: Record) -> dict[str, list[str]] | None:
    cursor = read_stored(record.get("cursor") or record.get("lastCursor") or "{}")
    state = cursor.get("state")
    said = in_words(state.get("matrix") if isinstance(state, dict) else None)
    if "legs" in record:
        # A check knows where the tenant comes from, and on the way back that is the new version.
        said = {key: [_BACK.get(word, word) for word in words] for key, words in said.items()}
    return said or None


def _last_operation(record: Record) -> LastOperation | None:
    text = record.get("lastOperation")
    if not text:
        return None
    known = read_stored(text)
    return LastOperation(**{**known, "at": _iso(str(known["at"]))})


def _iso(milliseconds: str | None) -> str | None:
    time = moment(milliseconds)
    return None if time is None else iso(time)
