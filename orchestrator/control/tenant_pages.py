"""Tenants: one with all that is known of it, or a page of those with a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from orchestrator.control.absent import absent
from orchestrator.control.answers import DeployUnit, TaskStatus
from orchestrator.control.cursors import tenant_place
from orchestrator.control.damage import UNREADABLE
from orchestrator.control.export import config_of
from orchestrator.control.freeze_desk import FreezeDesk
from orchestrator.control.page_answers import TenantMove, TenantPage, TenantRow, TenantView
from orchestrator.control.status import StatusReader
from orchestrator.control.tenants import current_unit, last_known_good, left_as
from orchestrator.domain.errors import NotFound
from orchestrator.domain.pattern import is_like
from orchestrator.domain.status import DAMAGED, PURGED
from orchestrator.domain.task_id import plan_of, task_id_of
from orchestrator.ledger.hashes import NO_RECORD
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import IDENTITY

MOST_MOVES: Final = 20
LOOKED_AT: Final = 5000
"""Tasks that one page looks at; a plan without tasks counts as one."""
STEP: Final = 500


class TenantPages:
    """Of one namespace."""

    def __init__(self, reader: Reader, freezes: FreezeDesk) -> None:
        self._reader = reader
        self._freezes = freezes
        self._status = StatusReader(reader)

    def one(self, tenant_id: str) -> TenantView:
        """What the tenant runs, who holds it, who moved it. Raises ``NotFound`` for one that no plan has named."""
        (record,) = self._reader.tenant_records([tenant_id])
        task = self._task_of(tenant_id)
        if task is None and not record:
            raise absent(self._reader, "tenant", tenant_id)
        return TenantView(
            tenant_id=tenant_id,
            status=left_as(self._reader, record) if task is None else task.status,
            labels=self._reader.freezes.labels_of(tenant_id),
            current=current_unit(record),
            last_known_good=last_known_good(record),
            before=None if task is None or record.get("current") else self._before(task.task_id),
            last_mover=record.get("mover"),
            holder=record.get("holder") or None,
            waiting=self._reader.pages.waiting_for_tenant(tenant_id),
            task=task,
            freezes=tuple(self._freezes.all(tenant_id)),
            history=tuple(self._moves(record.get("newest", ""))),
        )

    def page(self, label: str | None, pattern: str | None, limit: int, cursor: str | None) -> TenantPage:
        """Tenants with this label (``region=eu``), or whose id is like the pattern, those of the newest plan first.

        A tenant stands with its newest task, so it is met once; one that a new plan has named meanwhile is in front of
        all pages. There is no index of tenants: plans are walked, ``LOOKED_AT`` tasks a page.
        """
        place, begin = tenant_place(cursor)
        found: list[TenantRow] = []
        looked_at = 0
        while looked_at < LOOKED_AT:
            if place is None or begin < 0:
                following = self._reader.pages.plans_after(place, 1)
                if not following:
                    return TenantPage(tenants=found)
                place, begin = following[0], 0
            total = self._count(place.plan_id)
            end = min(begin + STEP, total)
            for position, row in self._rows(place.plan_id, begin, end, label, pattern):
                if len(found) == limit:
                    return TenantPage(tenants=found, next_cursor=f"{place}:{position}")
                found.append(row)
            looked_at += max(end - begin, 1)
            # Behind the plan's last task the next plan begins.
            begin = end if end < total else -1
        assert place is not None
        return TenantPage(tenants=found, next_cursor=f"{place}:{begin if begin >= 0 else 'end'}")

    def _count(self, plan_id: str) -> int:
        try:
            return self._status.task_count(plan_id)
        except NotFound:
            return 0

    def _rows(
        self, plan_id: str, begin: int, end: int, label: str | None, pattern: str | None
    ) -> Iterator[tuple[int, TenantRow]]:
        traits = self._reader.pages.task_traits([task_id_of(plan_id, place) for place in range(begin, end)])
        wanted = [
            (position, tenant_id, labels)
            for position, (tenant_id, labels) in zip(range(begin, end), traits, strict=True)
            if tenant_id
            and (label is None or label in labels.splitlines())
            and (pattern is None or is_like(tenant_id, pattern))
        ]
        records = self._reader.tenant_records([tenant_id for _, tenant_id, _ in wanted])
        rows = [
            (position, tenant_id, labels, record)
            for (position, tenant_id, labels), record in zip(wanted, records, strict=True)
            # Which task is the newest of a damaged one nobody knows: it stands with each.
            if NO_RECORD in record or record.get("newest") == task_id_of(plan_id, position)
        ]
        tasks = self._reader.task_records([task_id_of(plan_id, position) for position, *_ in rows])
        for (position, tenant_id, labels, record), task in zip(rows, tasks, strict=True):
            pairs = (line.partition("=") for line in labels.splitlines())
            yield (
                position,
                TenantRow(
                    tenant_id=tenant_id,
                    labels={key: value for key, _, value in pairs},
                    task_id=task_id_of(plan_id, position),
                    plan_id=plan_id,
                    status=DAMAGED if NO_RECORD in record else task.get("status", ""),
                    current=current_unit(record),
                ),
            )

    def _task_of(self, tenant_id: str) -> TaskStatus | None:
        try:
            return self._status.tenant(tenant_id)
        except NotFound:
            return None

    def _before(self, task_id: str) -> DeployUnit | None:
        """By the plan's source config; what that leaves out it has from the new one."""
        config = config_of(self._reader.configs([task_id])[0])
        try:
            source = config.get("source_tenant_deploy_config")
            return _unit_of({**config, **source}) if source else None
        except UNREADABLE:
            return None

    def _moves(self, newest: str) -> Iterator[TenantMove]:
        """The newest task, then each one before it, as they were submitted."""
        task_id = newest
        for _ in range(MOST_MOVES):
            if not task_id:
                return
            (record,) = self._reader.task_records([task_id])
            yield self._move(task_id, record)
            task_id = record.get("prev", "")

    def _move(self, task_id: str, record: Mapping[str, str]) -> TenantMove:
        if not record:
            return TenantMove(task_id=task_id, plan_id=plan_of(task_id), status=PURGED)
        status = self._status.task(task_id)
        unit = _unit_of(config_of(self._reader.configs([task_id])[0]))
        return TenantMove(
            task_id=task_id,
            plan_id=plan_of(task_id),
            status=status.status,
            started_at=status.started_at,
            ended_at=status.ended_at,
            deploy_unit=unit,
        )


def _unit_of(config: Any) -> DeployUnit | None:
    """What a config is; None when it does not say, or cannot be read."""
    try:
        return DeployUnit(**{name: config.get(name) for name in IDENTITY})
    except UNREADABLE:
        return None
