"""Follows who waits for whom, and names a circle. None can come about by the rules of admission (I3); should it all the
same (a hand in the data, a fault of ours), nothing in it moves by itself, and a person must be told how to end it.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain.status import TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.reader import Reader

LONGEST: Final = 100
"""Steps followed: a chain that is longer is not known to be a circle."""


def circle_from(reader: Reader, task_id: str) -> list[str]:
    """One sentence a step, when waiting for ``task_id`` leads back into its own chain; else nothing."""
    met: dict[str, str] = {}
    while task_id not in met and len(met) < LONGEST:
        step = _waits_for(reader, task_id)
        if step is None:
            return []
        met[task_id], task_id = step
    if task_id not in met:
        return []
    chain = list(met)
    return [met[link] for link in chain[chain.index(task_id) :]]


def _waits_for(reader: Reader, task_id: str) -> tuple[str, str] | None:
    """The sentence, and the task that this one waits for; None when it waits for none, or for a person."""
    record = reader.task_records([task_id])[0]
    goes_back = record.get("rollbackRequested") == "1"
    if "status" not in record or record["status"] in TASK_ACTIVE:
        return None
    if not goes_back and record["status"] != TaskState.PENDING:
        return None
    plan_id = plan_of(task_id)
    plan = reader.plan_record(plan_id)
    stopped = plan["status"] != PlanState.RUNNING or "1" in (plan.get("pauseRequested"), plan.get("cancelRequested"))
    if stopped and not goes_back:
        return None
    holder = reader.tenant_records([record["tenant"]])[0].get("holder")
    if holder and holder != task_id:
        return f"{task_id} waits for tenant {record['tenant']}, which {holder} holds", holder
    head = reader.first_in_queue(plan_id)
    # With more slots a head that waits is passed over; with one, by a task that holds its tenant and stands as such.
    blocks = plan["max"] == "1" and reader.slots_used(plan_id) == 0 and not reader.goes_before_a_head(task_id)
    if blocks and head and head != task_id:
        return f"{task_id} waits behind {head} in plan {plan_id}, which has one slot", head
    return None
