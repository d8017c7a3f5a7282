"""I18: what plans, tasks, dead processes and lost workers leave behind has a bound that does not grow with time."""

from __future__ import annotations

from typing import Final

from orchestrator.history.broker_dump import StageMessages
from orchestrator.history.ledger_dump import LedgerDump
from orchestrator.history.report import Report
from orchestrator.ledger.presence import GONE_SECONDS

INBOX_MOST: Final = 110_000
"""Wakes: the scripts cap the stream at 100,000, to within a block of it."""

LOST_MOST: Final = 100

PRESENCE_KEPT_MS: Final = (GONE_SECONDS + 60) * 1000
"""An entry of a process that gave no sign for longer has been left by every coordinator."""

MESSAGES_A_TASK: Final = 3
"""One that is live, and a bounded number of copies."""


def check_bounds(
    dump: LedgerDump,
    report: Report,
    *,
    messages: StageMessages,
    lost_workers: int = 0,
    ended: bool = True,
) -> None:
    """``messages`` are the stage messages in the broker. Each of ``lost_workers`` may have left one of any task that it
    had taken: the broker keeps it for an hour. Entries of the dead are judged at the end only: in the moment after a
    clock has stepped forward, the coordinators' next look has not come yet."""
    for name in dump.strays:
        report.add("I18", f"the key {name} belongs to nothing that the ledger knows, and stays for ever")
    for kind, leases in (
        ("queued lease", dump.leases_queued),
        ("running lease", dump.leases_running),
        ("deadline", dump.deadlines),
    ):
        for task_id in leases.keys() - dump.tasks.keys():
            report.add("I18", f"a {kind} of {task_id} is there, which is no task")
    for kind, plan_ids in (("active", dump.active), ("drafts", dump.drafts), ("ended", dump.ended)):
        for plan_id in plan_ids - dump.plans.keys():
            report.add("I18", f"{kind} names {plan_id}, which is no plan")
    for tenant_id in dump.lined - dump.tenants.keys():
        report.add("I18", f"lined names {tenant_id}, which is no tenant")
    for process, at in dump.presence_ms.items():
        if ended and dump.age_ms(at) > PRESENCE_KEPT_MS and dump.coordinator_lives():
            report.add("I18", f"{process} gave no sign for {dump.age_ms(at) / 1000:.0f} s and still has an entry")
    if dump.lost > LOST_MOST:
        report.add("I18", f"{dump.lost} lost plans are remembered")
    if dump.inbox > INBOX_MOST:
        report.add("I18", f"the inbox holds {dump.inbox} wakes")
    for words, found, most in (
        ("wait in the broker", messages.waiting, MESSAGES_A_TASK),
        ("are taken and not acknowledged", messages.taken, MESSAGES_A_TASK + lost_workers),
    ):
        for task_id, count in found.items():
            if count > most:
                report.add("I18", f"{count} messages of {task_id} {words}, at most {most} may")
