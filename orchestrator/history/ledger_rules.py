"""The rules that a dump of the ledger can break, alone or held against the log."""

from __future__ import annotations

from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, TASK_ENDED, PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.history.fold import World
from orchestrator.history.ledger_dump import LedgerDump
from orchestrator.history.report import Report

NO_CHECKPOINT = frozenset({TaskState.COMPLETED, TaskState.ROLLED_BACK, TaskState.CANCELLED})


def check_dump(dump: LedgerDump, report: Report, *, overdue_ms: int) -> None:
    """Holders, slots, leases, queues and checkpoints against the states of the tasks."""
    for task_id, record in dump.tasks.items():
        if record:
            _check_task(dump, task_id, record, report)
    for tenant_id, record in dump.tenants.items():
        holder = record.get("holder")
        if holder and dump.tasks.get(holder, {}).get("tenant") != tenant_id:
            report.add("I1", f"{tenant_id} is held by {holder}, which is no task of it")
    for plan_id, record in dump.plans.items():
        slots = dump.slots.get(plan_id, set())
        active = {
            task_id
            for task_id, task in dump.tasks.items()
            if plan_of(task_id) == plan_id and task.get("status") in TASK_ACTIVE
        }
        if len(slots) > int(record.get("max", 0)):
            report.add("I2", f"{plan_id} has {len(slots)} slots taken of {record.get('max')}")
        if slots - active:
            report.add("I10", f"{plan_id}: slots of tasks that do not run: {sorted(slots - active)}")
        if active - slots:
            report.add("I2", f"{plan_id}: tasks that run without a slot: {sorted(active - slots)}")
        state = PlanState(record["status"])
        if (state in PLAN_ENDED) == (plan_id in dump.active) and state is not PlanState.CREATED:
            report.add(
                "I9", f"{plan_id} is {record['status']} and {'' if plan_id in dump.active else 'not '}looked after"
            )
    for kind, leases in (("queued", dump.leases_queued), ("running", dump.leases_running)):
        for task_id, at in leases.items():
            if at < dump.now_ms - overdue_ms:
                report.add("I9", f"the {kind} lease of {task_id} is overdue by {(dump.now_ms - at) / 1000:.1f} s")


def _check_task(dump: LedgerDump, task_id: str, record: dict[str, str], report: Report) -> None:
    state, plan_id, tenant_id = TaskState(record["status"]), plan_of(task_id), record["tenant"]
    tenant = dump.tenants.get(tenant_id, {})
    holds = tenant.get("holder") == task_id
    leases = [task_id in dump.leases_queued, task_id in dump.leases_running]
    queued = task_id in dump.queues.get(plan_id, ()) or task_id in dump.lines.get(tenant_id, ())
    if state in TASK_ACTIVE:
        if not holds:
            report.add("I1", f"{task_id} is {state} without its tenant, held by {tenant.get('holder')}")
        elif tenant.get("epoch") != record.get("epoch"):
            report.add("I8", f"{tenant_id} has epoch {tenant.get('epoch')}, its holder {record.get('epoch')}")
        if sum(leases) != 1:
            report.add("I9", f"{task_id} is {state} with {sum(leases)} leases")
        if int(record.get("epoch", 0)) > dump.epoch:
            report.add("I8", f"{task_id} has epoch {record['epoch']}, above the counter's {dump.epoch}")
    elif any(leases) or task_id in dump.deadlines:
        report.add("I10", f"{task_id} is {state} and still has a lease or a deadline")
    if state in TASK_ENDED:
        if holds:
            report.add("I10", f"{task_id} is {state} and still holds {tenant_id}")
        if queued and record.get("rollbackRequested") != "1":
            report.add("I10", f"{task_id} is {state} and still in a queue")
        if state in NO_CHECKPOINT and task_id in dump.checkpoints:
            report.add("I10", f"{task_id} is {state} and still has a checkpoint")
    waits = state is TaskState.PENDING or record.get("rollbackRequested") == "1"
    ready = PlanState(dump.plans[plan_id]["status"]) is not PlanState.CREATED
    if waits and ready and state not in TASK_ACTIVE and not queued:
        report.add("I9", f"{task_id} is {state} and stands in no queue and no line")


def check_fold(world: World, dump: LedgerDump, report: Report) -> None:
    """I7: the folded log gives the ledger's state. I6: the counter is where the log ends."""
    if world.sequence != dump.seq:
        report.add("I6", f"the log ends at {world.sequence}, the counter stands at {dump.seq}")
    for plan_id, plan in world.plans.items():
        record = dump.plans.get(plan_id)
        if record is None:
            continue
        if record["status"] != plan.state:
            report.add("I7", f"{plan_id} folds to {plan.state}, the ledger says {record['status']}", plan.last)
        for state in TaskState:
            counted = sum(task.state is state for task in plan.tasks.values())
            if int(record.get(f"n:{state}", 0)) != counted:
                report.add("I7", f"{plan_id} folds to {counted} {state}, the ledger counts {record.get(f'n:{state}')}")
    for task_id, task in world.tasks.items():
        known = dump.tasks.get(task_id)
        if not known:
            continue
        if known["status"] != task.state:
            report.add("I7", f"{task_id} folds to {task.state}, the ledger says {known['status']}", task.last)
        moves = task.state in (TaskState.RUNNING, TaskState.COMPLETED, TaskState.FAILED)
        if moves and int(known.get("stage", 0)) != len(task.recorded):
            report.add("I7", f"{task_id} folds to {len(task.recorded)} stages, the ledger says {known.get('stage', 0)}")


def check_all_ended(world: World, report: Report) -> None:
    """I12 and I9, for a history that is over: every plan has ended."""
    for plan in world.plans.values():
        if plan.state not in PLAN_ENDED:
            report.add("I12", f"{plan.plan_id} has not ended: it is {plan.state}", plan.last)
        for task in plan.tasks.values():
            if task.state in TASK_ACTIVE:
                report.add("I9", f"{task.task_id} is {task.state} for good", task.last)
