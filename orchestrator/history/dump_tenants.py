"""What a dump says of each tenant: its holder, who has moved it last, and its line."""

from __future__ import annotations

from orchestrator.domain.status import TASK_ENDED
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.task_id import plan_of
from orchestrator.history.dump_plans import CLASS_WIDTH
from orchestrator.history.ledger_dump import LedgerDump, is_set, waits
from orchestrator.history.report import Report


def check_tenants(dump: LedgerDump, report: Report) -> None:
    """All tenants, as far as the tasks concerned are of plans whose record is whole."""
    for tenant_id, record in dump.tenants.items():
        holder = record.get("holder")
        line = dump.lines.get(tenant_id, {})
        if bool(line) != (tenant_id in dump.lined):
            report.add("I9", f"{tenant_id} has a line of {len(line)}, and is {'' if line else 'still '}swept for one")
        if not holder and ("epoch" in record or "since" in record):
            report.add("I10", f"{tenant_id} is held by nobody and still has an epoch or a since")
        if holder and not dump.is_damaged(plan_of(holder)):
            task = dump.tasks.get(holder, {})
            if task.get("tenant") != tenant_id:
                report.add("I1", f"{tenant_id} is held by {holder}, which is no task of it")
            elif task.get("status") in TASK_ENDED:
                report.add("I1", f"{tenant_id} is held by {holder}, which is {task['status']}")
            epoch, moved_at = (counted_number(record.get(name)) for name in ("epoch", "moverEpoch"))
            mover = record.get("mover")
            if epoch is not None and moved_at is not None and epoch < moved_at + (mover != holder):
                report.add(
                    "I8", f"{tenant_id} is held by {holder} under {epoch}; {mover} has moved it under {moved_at}"
                )
        for task_id, ticket in line.items():
            task = dump.tasks.get(task_id, {})
            if dump.is_damaged(plan_of(task_id)):
                continue
            if not waits(task) or (ticket < CLASS_WIDTH) != is_set(task, "rollbackRequested"):
                state = task.get("status")
                report.add("I3", f"{tenant_id} has {task_id} in its line at {ticket:.0f}, which is {state}")
