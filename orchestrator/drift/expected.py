"""What each tenant should be by its last mover: found in the ledger, a page of tenants at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.control.absent import absent
from orchestrator.domain.errors import NoSnapshot
from orchestrator.domain.status import TaskState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.task_id import plan_of, task_id_of, tasks_in
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.task_search import Only
from orchestrator.plans.tenant_config import SOURCE, full_config
from orchestrator.secrets.masking import mask
from orchestrator.stages.rollback_strategy import RollbackStrategy, way_back
from steps.raised import Escaped

PAGE: Final = 200
"""Tenants read in one round trip."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One tenant: its last mover, and the config that it should have by that, the one that the mover's conditions are
    asked of, and the one it came from; ``why_not`` says why it cannot be judged."""

    tenant_id: str
    task_id: str = ""
    config: dict[str, Any] | None = None
    new_config: dict[str, Any] | None = None
    other_config: dict[str, Any] | None = None
    why_not: str = ""


class Expectations:
    """Finds them. ``strategy`` says what a rollback goes back to."""

    def __init__(self, reader: Reader, strategy: RollbackStrategy) -> None:
        self._reader = reader
        self._strategy = strategy

    def of_plan(self, plan_id: str) -> Iterator[Expected]:
        """The tenants of a plan, whoever moved them last, in its order. Raises ``NotFound``."""
        record = self._reader.plan_record(plan_id)
        if "total" not in record:
            raise absent(self._reader, "plan", plan_id)
        total = tasks_in(record)
        for start in range(0, total, PAGE):
            tasks = [task_id_of(plan_id, place) for place in range(start, min(start + PAGE, total))]
            records = self._reader.task_records(tasks)
            yield from self._of([record["tenant"] for record in records if "tenant" in record])

    def like(self, pattern: str) -> Iterator[Expected]:
        """All tenants of that id or pattern. Raises ``NotFound`` for an id that no plan has named, and a pattern (but
        ``*``) that nobody is like."""
        if "*" not in pattern:
            if not self._reader.tenant_records([pattern])[0]:
                raise absent(self._reader, "tenant", pattern)
            yield from self._of([pattern])
            return
        is_anybody = pattern == "*"
        for plan_id in self._reader.plan_ids():
            for expected in self._of_newest(plan_id, pattern):
                is_anybody = True
                yield expected
        if not is_anybody:
            raise absent(self._reader, "tenant like", pattern)

    def _of_newest(self, plan_id: str, pattern: str) -> Iterator[Expected]:
        """Those whose newest task is of this plan: so each tenant is met once."""
        total = tasks_in(self._reader.plan_record(plan_id))
        wanted = [state.value for state in TaskState]
        for found in self._reader.find_tasks(plan_id, total, wanted, Only(tenants=pattern)):
            places = sorted(place for group in found.values() for place in group)
            for start in range(0, len(places), PAGE):
                tasks = [task_id_of(plan_id, place) for place in places[start : start + PAGE]]
                tenants = [record.get("tenant", "") for record in self._reader.task_records(tasks)]
                records = self._reader.tenant_records(tenants)
                rows = zip(tasks, tenants, records, strict=True)
                yield from self._of([tenant for task, tenant, record in rows if record.get("newest") == task])

    def _of(self, tenant_ids: Sequence[str]) -> Iterator[Expected]:
        # Without a last mover, the newest has undone its own move, or has not begun.
        movers = [record.get("mover") or record.get("newest", "") for record in self._reader.tenant_records(tenant_ids)]
        records = self._reader.task_records(movers)
        configs = self._reader.configs(movers)
        for tenant_id, task_id, record, config in zip(tenant_ids, movers, records, configs, strict=True):
            yield self._judged(tenant_id, task_id, record, config)

    def _judged(self, tenant_id: str, task_id: str, record: Mapping[str, str], config: str) -> Expected:
        status = record.get("status")
        if status is None or config == "{}":
            return Expected(tenant_id, task_id, why_not=f"plan {plan_of(task_id)}, which moved it last, was purged")
        if status == TaskState.PENDING or "epoch" not in record:
            return Expected(tenant_id, task_id, why_not=f"no move of it has begun: {task_id} is {status}")
        # One that its soak has failed has all its stages done.
        is_moved = status == TaskState.COMPLETED or (status == TaskState.FAILED and "soakFailed" in record)
        if not is_moved and status != TaskState.ROLLED_BACK:
            return Expected(tenant_id, task_id, why_not=f"{task_id}, which moved it last, is {status}")
        given = full_config(read_stored(config))
        new = {**given, SOURCE: None}
        good = read_stored(record["snapshot"]) if "snapshot" in record else None
        try:
            old = way_back(self._strategy, given, good)
        except (NoSnapshot, Escaped) as error:
            return Expected(tenant_id, task_id, why_not=mask(str(error)))
        if is_moved:
            return Expected(tenant_id, task_id, new, new, old)
        if old is None:
            return Expected(tenant_id, task_id, why_not=f"{task_id} went back to a config that is not known any more")
        return Expected(tenant_id, task_id, old, new, new)


def plan_reference(reader: Reader, plan_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What templates of the plan see as ``plan``, and its stages as submitted."""
    spec = reader.spec(plan_id)
    return {"plan_id": plan_id, "name": spec["name"]}, list(spec["stages"])
