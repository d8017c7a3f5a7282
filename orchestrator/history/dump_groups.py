"""What a dump says of groups: their holders and their lines."""

from __future__ import annotations

from orchestrator.domain.status import TASK_ACTIVE, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.history.ledger_dump import LedgerDump, waits
from orchestrator.history.report import Report


def check_groups(dump: LedgerDump, report: Report) -> None:
    """All groups, as far as the tasks concerned are of plans whose record is whole."""
    for task_id, record in dump.sound_tasks():
        is_active = record["status"] in TASK_ACTIVE
        for group in record.get("groups", "").split():
            if is_active and task_id not in dump.groups.get(group, ()):
                report.add("I16", f"{task_id} is {record['status']} and holds no place of its group {group}")
            own = f"{plan_of(task_id)}:{group}"
            has_own = f"group:{group}" in dump.plans[plan_of(task_id)]
            if record["status"] == TaskState.RUNNING and has_own and task_id not in dump.groups.get(own, ()):
                report.add("I16", f"{task_id} is RUNNING and holds no place of its plan's group {group}")
    for name, holders in dump.groups.items():
        for task_id in holders:
            record = dump.tasks.get(task_id, {})
            if not dump.is_damaged(plan_of(task_id)) and record.get("status") not in TASK_ACTIVE:
                report.add("I10", f"group {name} is held by {task_id}, which is {record.get('status')}")
    if dump.group_lines.keys() != dump.grouped:
        report.add("I9", f"groups {sorted(dump.group_lines)} have lines, {sorted(dump.grouped)} are swept for one")
    for name, line in dump.group_lines.items():
        for task_id in line:
            record = dump.tasks.get(task_id, {})
            if not dump.is_damaged(plan_of(task_id)) and not (waits(record) and "groupFor" in record):
                report.add("I3", f"group {name} has {task_id} in its line, which is {record.get('status')}")
