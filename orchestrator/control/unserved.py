"""A plan that stands still because no coordinator, or no worker, is alive: told as it is submitted, and by its head."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from orchestrator.control.elsewhere import Elsewhere
from orchestrator.domain.errors import Problem
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, PlanState
from orchestrator.domain.typed import typed
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record

if TYPE_CHECKING:
    from orchestrator.control.answers import PlanStatus, PlanSummary

_NO_SIGN: Final = "no sign of life of any "
SERVED: Final = (PlanState.READY, PlanState.RUNNING, PlanState.ROLLING_BACK)
"""Of plans that processes are to do something for."""


def unserved(reader: Reader, state: str) -> list[Problem]:
    """The warning, with the command that helps; none where a coordinator is alive, or for a plan that has ended."""
    if state in PLAN_ENDED or any(one.role == "coordinator" for one in reader.alive()):
        return []
    message = f"none is alive in namespace {reader.namespace!r}, so nothing moves yet; start one: "
    message += f"`{typed('coordinator')}`"
    if found := Elsewhere(reader).find("coordinator"):
        message += f" (one is alive in namespace {found[0]!r})"
    return [Problem("coordinator", None, message)]


def unserved_words(roles_alive: Callable[[], Collection[str]], plan_id: str, record: Record) -> str:
    """Who is missing, of a plan that has something to do, and where more is told; "" when nobody is. A process that a
    full Redis refuses gives no sign of life either."""
    moves = any(int(record.get(f"n:{state}", 0)) for state in TASK_ACTIVE)
    asked = int(record.get("n:rollbackRequested", 0)) or "retryCursor" in record
    if not (moves or asked or record.get("status") in SERVED):
        return ""
    roles = roles_alive()
    if "coordinator" not in roles:
        missing = "coordinator: nothing starts" if "worker" in roles else "coordinator or worker: nothing moves"
    elif moves and "worker" not in roles:
        missing = "worker: nothing moves"
    else:
        return ""
    return f"{_NO_SIGN}{missing}; {typed('explain', '--plan', plan_id)}"


def is_unserved(plan: PlanSummary | PlanStatus) -> bool:
    """Whether that is what it waits for."""
    return (plan.waits_because or "").startswith(_NO_SIGN)
