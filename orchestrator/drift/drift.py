"""Looks at many tenants at the same time, some at once, and tells of each in order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from orchestrator.control.drift_answers import DriftEnd, TenantDrift
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.task_id import plan_of
from orchestrator.drift.expected import Expectations, Expected
from orchestrator.drift.health_looks import HealthLook, HealthLooks
from orchestrator.ledger.reader import Reader
from orchestrator.settings.model import Settings
from orchestrator.stages.rollback_strategy import load_strategy
from steps.instances.health_verdict import version_text

AT_ONCE: Final = 16
"""Tenants whose instances are asked at the same time."""

AHEAD: Final = 4 * AT_ONCE
"""Tenants that are handed out before the first of them is told of: bounds what is held."""


def look_for_drift(
    reader: Reader, settings: Settings, *, plan_id: str | None = None, tenants: str | None = None
) -> Iterator[TenantDrift | DriftEnd]:
    """A tenant at a time, then the end; of a plan's tenants, those like a pattern, or all that plans have named.

    Raises ``InvalidInput`` for both, ``NotFound`` for a plan or tenant that there is not, or a pattern like nobody.
    """
    if plan_id is not None and tenants is not None:
        raise InvalidInput([Problem("", None, "give a plan or tenants, not both")])
    expectations = Expectations(reader, load_strategy(settings.rollback_strategy))
    found = expectations.of_plan(plan_id) if plan_id is not None else expectations.like(tenants or "*")
    looks = HealthLooks(reader, settings)
    counts: Counter[str] = Counter()
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="drift")
    try:
        for line in _in_order(pool, looks, found):
            counts[line.state] += 1
            yield line
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        looks.close()
    yield DriftEnd(there=counts["there"], drifted=counts["drifted"], not_judged=counts["not-judged"])


def _in_order(pool: ThreadPoolExecutor, looks: HealthLooks, found: Iterator[Expected]) -> Iterator[TenantDrift]:
    under_way: deque[tuple[Expected, Future[HealthLook]]] = deque()
    for expected in found:
        under_way.append((expected, pool.submit(looks.look, expected)))
        if len(under_way) >= AHEAD:
            yield _line(*under_way.popleft())
    while under_way:
        yield _line(*under_way.popleft())


def _line(expected: Expected, future: Future[HealthLook]) -> TenantDrift:
    look = future.result()
    version = (expected.config or {}).get("deploy_unit_version")
    return TenantDrift(
        tenant_id=expected.tenant_id,
        state="not-judged" if look.there is None else "there" if look.there else "drifted",
        version=None if version is None else version_text(version),
        task_id=expected.task_id or None,
        plan_id=plan_of(expected.task_id) or None,
        said=look.said,
    )
