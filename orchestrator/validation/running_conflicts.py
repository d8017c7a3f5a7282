"""Warnings for tenants that another plan, not ended yet, holds or is going to move: allowed, and worth knowing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.domain.errors import ChangeoverError, Problem
from orchestrator.domain.fleet_config import moment_text
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.connection import UNREACHABLE, connect
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.reader import Reader
from orchestrator.plans.plan import Plan
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers


def running_conflicts(plan: Plan, reader: Reader) -> list[Problem]:
    """One warning for each other plan that shares tenants with this one, in few round trips; and one when the plan's
    time has passed by the clock that the ledger goes by."""
    shared: dict[str, list[int]] = {}
    for index, tasks in reader.movers([tenant.tenant_id for tenant in plan.tenants]):
        for other in {plan_of(task_id) for task_id in tasks}:
            if other != plan.plan_id:
                shared.setdefault(other, []).append(index)
    found = _expired(plan, lambda: datetime.fromtimestamp(reader.shown_time().shown_ms / 1000, UTC))
    for other, state in zip(shared, reader.plan_records(list(shared)), strict=True):
        if state and state["status"] not in PLAN_ENDED:
            indexes = shared[other]
            names = ", ".join(plan.tenants[index].tenant_id for index in indexes[:3])
            few = names + (", ..." if len(indexes) > 3 else "")
            message = (
                f"{len(indexes)} of the tenants ({few}) are also in plan {other}, which is {state['status']}: "
                "a tenant is moved by one plan at a time, the others wait for it"
            )
            found.append(Problem(f"tenants[{indexes[0]}]", None, message))
    return found


def conflicts_if_reachable(plan: Plan, settings: Settings) -> list[Problem]:
    """The same for a check that needs no server: when there is no ledger, or it does not answer, only the plan's time
    by this machine's clock."""
    try:
        url = find_servers(settings).redis_url
        with connect(url, patient=False) as client:
            return running_conflicts(plan, Reader(client, Keys(settings.namespace)))
    except (ChangeoverError, ValueError, *UNREACHABLE):
        return _expired(plan, lambda: datetime.now(UTC))


def _expired(plan: Plan, now: Callable[[], datetime]) -> list[Problem]:
    """A warning, no error: the same file submitted again is the same plan, which may have begun in time."""
    until = plan.rules.pace.not_after
    if until is None or until > (at := now()):
        return []
    message = f"has passed (it is now {moment_text(at)}): the plan is cancelled if it has not begun in time"
    return [Problem("not_after", moment_text(until), message)]
