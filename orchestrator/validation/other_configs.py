"""The configs of another plan by tenant: what a preview compares with when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from orchestrator.control.absent import absent
from orchestrator.domain.task_id import task_id_of, tasks_in
from orchestrator.ledger.reader import Reader
from orchestrator.plans.tenant_config import load_config

PAGE: Final = 500


class OtherConfigs:
    """One plan's; of a large one the places of its tenants are kept, and a page of configs."""

    def __init__(self, reader: Reader, plan_id: str) -> None:
        """Raises ``NotFound`` when there is no such plan."""
        record = reader.plan_record(plan_id)
        if "total" not in record:
            raise absent(reader, "plan", plan_id, "to compare with")
        self.plan_id = plan_id
        self._reader = reader
        self._places = dict(self._tenants(tasks_in(record)))
        self._page: dict[int, str] = {}

    def _tenants(self, total: int) -> Iterator[tuple[str, int]]:
        for start in range(0, total, PAGE):
            places = range(start, min(start + PAGE, total))
            records = self._reader.task_records([task_id_of(self.plan_id, place) for place in places])
            yield from (
                (record["tenant"], place) for record, place in zip(records, places, strict=True) if "tenant" in record
            )

    def of(self, tenant_id: str) -> dict[str, Any] | None:
        """Its config there; None when it is not in that plan."""
        place = self._places.get(tenant_id)
        if place is None:
            return None
        if place not in self._page:
            # Most plans name their tenants in the same order.
            places = range(place, min(place + PAGE, place - place % PAGE + PAGE))
            texts = self._reader.configs([task_id_of(self.plan_id, one) for one in places])
            self._page = dict(zip(places, texts, strict=True))
        return load_config(self._page[place])
