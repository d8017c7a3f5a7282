"""The task that an order by tenant is for; never a silent choice where a tenant has open tasks of several plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.control.answers import OpenTask
from orchestrator.domain.status import TASK_ENDED
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.movers import TenantTasks
from orchestrator.ledger.operations import Operation, Order

_OF_THE_HOLDER: Final = (Operation.PAUSE, Operation.RESUME)
"""What leaves the tenant with its holder, so that no other plan moves it behind the order's back."""


@dataclass(frozen=True, slots=True)
class TenantTarget:
    """``task_id``: acted on; "" where the order is to name it. ``others``: the tenant's other open tasks."""

    task_id: str
    others: Sequence[OpenTask]


def tenant_target(operation: Operation, tasks: TenantTasks) -> TenantTarget:
    """The one open task, and if none is the newest; the holder of several, of what lets no other one move the tenant.
    A rollback is for who moved the tenant last, where the task that it would be for has touched nothing."""
    task_id = tasks.speaker
    if len(tasks.open) > 1:
        task_id = tasks.holder if operation in _OF_THE_HOLDER else ""
    elif operation is Operation.ROLLBACK and task_id == tasks.newest and not tasks.newest_touched:
        task_id = tasks.last_mover or task_id
    elif operation is not Operation.ROLLBACK and not tasks.open:
        task_id = tasks.newest or task_id
    others = other_tasks(tasks, task_id)
    last = tasks.last_mover
    if not task_id and operation is Operation.ROLLBACK and last and last not in [one.task_id for one in others]:
        others.append(OpenTask(task_id=last, plan_id=plan_of(last), status="", last_mover=True))
    return TenantTarget(task_id, others)


def other_tasks(tasks: TenantTasks, but: str) -> list[OpenTask]:
    """The tenant's open tasks but this one, the oldest first."""
    return [
        OpenTask(task_id=one.task_id, plan_id=plan_of(one.task_id), status=one.status)
        for one in tasks.open
        if one.task_id != but
    ]


def several_words(operation: Operation, others: Sequence[OpenTask], order: Order) -> str:
    """Why an order by tenant is refused that could be for several tasks, and what names one."""
    open_ones = [one for one in others if not one.last_mover]
    moved = [one for one in others if one.last_mover]
    named = also_words(open_ones) + "".join(f"; {one.task_id} moved it last" for one in moved)
    options = (" --from-scratch" if order.from_scratch else "") + (" --force" if order.force else "")
    one = (moved or open_ones)[0].task_id
    return (
        f"it has {len(open_ones)} open tasks, and the order is for one: {named}; say which with --task, such as "
        f"`{typed(operation.value, '--task', one)}{options}`"
    )


def acted_on_words(task_id: str, message: str) -> str:
    """What an order by tenant has come to, and the task that it was for; the same for a repeat."""
    return f"task {task_id} of plan {plan_of(task_id)}: {message}"


def also_words(others: Sequence[OpenTask]) -> str:
    """``ta.2 of plan ta (RUNNING), tb.2 of plan tb (PENDING)``."""
    return ", ".join(map(_words, others))


def _words(one: OpenTask) -> str:
    goes_back = ", to go back" if one.status in TASK_ENDED else ""
    return f"{one.task_id} of plan {one.plan_id} ({one.status}{goes_back})"
