"""What the tenants of a checked plan are right now, many in few round trips: for a preview, and what binds to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.status import PLAN_ENDED, PlanState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import identity_of
from orchestrator.plans.plan import Plan
from orchestrator.plans.preview_digest import tenant_mark
from orchestrator.plans.tenant_config import SOURCE, TRAITS, full_config, load_config

PAGE: Final = 500
"""Tenants read in one round trip."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another plan that has not ended and holds the tenant, or was going to move it last."""

    plan_id: str
    status: str
    holds: bool


@dataclass(frozen=True, slots=True)
class TenantState:
    """One tenant: its place in the plan, its record in the ledger, its new config (None where there is none to compare
    with), and whether that is what it has."""

    position: int
    tenant_id: str
    record: Mapping[str, str]
    config: dict[str, Any]
    good: dict[str, Any] | None
    conflicts: tuple[Conflict, ...]

    @property
    def mark(self) -> str:
        """What a digest takes of it."""
        return tenant_mark(self.record)

    @property
    def changed_ms(self) -> int:
        """When it changed last; 0 when that is not known."""
        return int(self.record.get("changed", 0))

    @property
    def is_identical(self) -> bool:
        """It is at the target: its last known good config is the new one, nothing has touched it since, and no other
        plan is going to. Not known for certain is not identical."""
        if self.good is None or self.conflicts or "underWay" in self.record or "changed" not in self.record:
            return False
        return self.record.get("current") == identity_of(self.config) and _moves(self.good) == _moves(self.config)


def _moves(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a config a move brings about: not where from, nor what only the ledger goes by."""
    return {name: value for name, value in config.items() if name != SOURCE and name not in TRAITS}


class TenantStates:
    """Reads them for one plan; what a plan shares with others is asked once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._plans: dict[str, str] = {}

    def of(self, plan: Plan) -> Iterator[TenantState]:
        """In the plan's order."""
        for start in range(0, len(plan.tenants), PAGE):
            page = plan.tenants[start : start + PAGE]
            records = self._reader.tenant_records([tenant.tenant_id for tenant in page])
            self._learn(plan.plan_id, records)
            for offset, (tenant, record) in enumerate(zip(page, records, strict=True)):
                config = load_config(tenant.config)
                conflicts = self._conflicts(plan.plan_id, record)
                yield TenantState(start + offset, tenant.tenant_id, record, config, _good(record), conflicts)

    def _learn(self, own: str, records: list[dict[str, str]]) -> None:
        ids = {plan_of(task) for record in records for task in _tasks(record)} - self._plans.keys() - {own}
        asked = sorted(ids)
        for plan_id, record in zip(asked, self._reader.plan_records(asked), strict=True):
            self._plans[plan_id] = record.get("status", "")

    def _conflicts(self, own: str, record: Mapping[str, str]) -> tuple[Conflict, ...]:
        found: dict[str, Conflict] = {}
        for task_id in _tasks(record):
            other = plan_of(task_id)
            status = self._plans.get(other, "") if other != own else ""
            if status and status not in PLAN_ENDED and status in set(PlanState) and other not in found:
                found[other] = Conflict(other, status, task_id == record.get("holder"))
        return tuple(found.values())


def _tasks(record: Mapping[str, str]) -> list[str]:
    return [record[name] for name in ("holder", "newest") if record.get(name)]


def _good(record: Mapping[str, str]) -> dict[str, Any] | None:
    try:
        found = read_stored(record.get("good", "null"))
    except ValueError:
        # Damaged: then it is not known.
        return None
    return full_config(found) if isinstance(found, dict) else None
