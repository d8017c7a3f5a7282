"""What a dump says of each task: tenant, lease, epoch, checkpoint and what is left in its record."""

from __future__ import annotations

from typing import Final

from orchestrator.domain.status import TASK_ACTIVE, TASK_ENDED, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.history.ledger_dump import DumpedRecord, LedgerDump, waits
from orchestrator.history.report import Report

NO_CHECKPOINT: Final = frozenset({TaskState.COMPLETED, TaskState.ROLLED_BACK, TaskState.CANCELLED})
OF_THE_ACTIVE: Final = ("lease", "worker", "beatAt", "pauseRequested", "cancelRequested")
OF_THE_OPEN: Final = ("cursor", "stageStarted", "stageStartedAt", "dueAt", "retrying")
OF_WAITERS: Final = ("waitingSince", "ticket", "rank", "forced", "frozenBy", "groupFor", "overtaken")


def check_tasks(dump: LedgerDump, report: Report, *, overdue_ms: int) -> None:
    """All tasks of plans whose record is whole, and every lease."""
    for task_id, record in dump.sound_tasks():
        if TaskState(record["status"]) in TASK_ACTIVE:
            _check_active(dump, task_id, record, report)
        else:
            _check_idle(dump, task_id, record, report)
    for kind, leases in (("queued", dump.leases_queued), ("running", dump.leases_running)):
        for task_id, at in leases.items():
            late_ms = dump.lease_now_ms() - at
            if late_ms > overdue_ms and not dump.is_damaged(plan_of(task_id)):
                report.add("I9", f"the {kind} lease of {task_id} is overdue by {late_ms / 1000:.1f} s")


def _check_active(dump: LedgerDump, task_id: str, record: DumpedRecord, report: Report) -> None:
    state, tenant_id = record["status"], record["tenant"]
    tenant = dump.tenants.get(tenant_id, {})
    if tenant.get("holder") != task_id:
        report.add("I1", f"{task_id} is {state} without its tenant {tenant_id}, held by {tenant.get('holder')}")
    elif tenant.get("epoch") != record.get("epoch"):
        report.add("I8", f"{tenant_id} has epoch {tenant.get('epoch')}, its holder {record.get('epoch')}")
    leases = dump.leases_of(task_id)
    if leases != [record.get("lease")]:
        report.add("I9", f"{task_id} is {state} with leases {leases}, its record says {record.get('lease')}")
    if int(record.get("epoch", 0)) > dump.epoch:
        report.add("I8", f"{task_id} has epoch {record['epoch']}, above the counter's {dump.epoch}")
    if dump.checkpoints.get(task_id, -1) != -1:
        report.add("I12", f"{task_id} is {state} and its checkpoint expires")


def _check_idle(dump: LedgerDump, task_id: str, record: DumpedRecord, report: Report) -> None:
    state = TaskState(record["status"])
    if dump.leases_of(task_id) or task_id in dump.deadlines:
        report.add("I10", f"{task_id} is {state} and still has a lease or a deadline")
    left: list[str] = [name for name in OF_THE_ACTIVE if name in record]
    if state in TASK_ENDED:
        left += [name for name in OF_THE_OPEN if name in record]
        _check_ended(dump, task_id, record, report)
        if not waits(record):
            left += [name for name in OF_WAITERS if name in record]
    if left:
        report.add("I10", f"{task_id} is {state} and its record still has {left}")


def _check_ended(dump: LedgerDump, task_id: str, record: DumpedRecord, report: Report) -> None:
    state, tenant_id = TaskState(record["status"]), record["tenant"]
    if dump.tenants.get(tenant_id, {}).get("holder") == task_id:
        report.add("I10", f"{task_id} is {state} and still holds {tenant_id}")
    if task_id in dump.lines.get(tenant_id, ()) and not waits(record):
        report.add("I10", f"{task_id} is {state} and still in the line of {tenant_id}")
    if task_id not in dump.checkpoints:
        return
    if state in NO_CHECKPOINT:
        report.add("I10", f"{task_id} is {state} and still has a checkpoint")
    elif dump.checkpoints[task_id] == -1:
        report.add("I18", f"{task_id} is {state} and its checkpoint stays for ever")
