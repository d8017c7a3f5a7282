"""I19: a damaged plan or entry holds up nobody else, as far as a log and a dump can tell."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from orchestrator.domain.status import PlanState
from orchestrator.history.ledger_dump import DumpedRecord, LedgerDump, is_set
from orchestrator.history.places import move_may_start
from orchestrator.history.report import Report
from orchestrator.history.stopped_now import is_stopped
from orchestrator.history.world import World
from orchestrator.ledger.inbox import LEFT_SECONDS

WAKE_KEPT_MS: Final = (2 * LEFT_SECONDS + 60) * 1000
"""What died with its coordinator is taken over by another: after one such time, at the next look, and a minute."""


def check_isolation(
    world: World, dump: LedgerDump, report: Report, *, damaged: Collection[str], ended: bool, overdue_ms: int
) -> None:
    """Whoever could go on has a turn to come (I9), and gets it from a living coordinator within ``overdue_ms``."""
    movable = [plan_id for plan_id, record in dump.sound_plans() if _could_go_on(world, dump, plan_id, record)]
    for plan_id in movable:
        if plan_id not in dump.ready:
            report.add("I9", f"{plan_id} could go on and has no turn to come", _last(world, plan_id))
    if ended:
        for plan_id in sorted(dump.active & set(damaged)):
            # With half a record nobody can tell what became of it: it stays, is tried ever more seldom, and passed by.
            if not dump.plans.get(plan_id):
                report.add("I19", f"{plan_id} has no record and is still looked after")
    if not dump.coordinator_lives():
        return
    if dump.inbox_oldest_ms is not None and (age_ms := dump.age_ms(dump.inbox_oldest_ms)) > WAKE_KEPT_MS:
        report.add("I19", f"a wake lies in the inbox for {age_ms / 1000:.0f} s, with {dump.inbox} in all")
    for plan_id in movable:
        quiet_ms = dump.age_ms(world.plan_times.get(plan_id, dump.now_ms))
        if plan_id not in damaged and quiet_ms > overdue_ms:
            message = f"{plan_id} could go on, and nothing happened for {quiet_ms / 1000:.0f} s"
            report.add("I19", message, _last(world, plan_id))


def _last(world: World, plan_id: str) -> int:
    """The plan's newest event; 0 when a cut log does not tell of it."""
    plan = world.plans.get(plan_id)
    return plan.last if plan else 0


def _could_go_on(world: World, dump: LedgerDump, plan_id: str, record: DumpedRecord) -> bool:
    """Whether its head could be admitted right now: the plan runs, a slot is free, and the head's tenant too."""
    if is_set(record, "pauseRequested") or is_set(record, "cancelRequested"):
        return False
    if record.get("paced") and plan_id in dump.due:
        return False
    if record["status"] == PlanState.READY:
        return True
    head = next(iter(dump.queues.get(plan_id, {})), None)
    if head is None or record["status"] != PlanState.RUNNING:
        return False
    task = dump.tasks.get(head, {})
    if {"frozenBy", "groupFor"} & task.keys() or is_stopped(dump, world.groups.limits, plan_id, task):
        return False
    tenant_id = task.get("tenant", "")
    holder = dump.tenants.get(tenant_id, {}).get("holder")
    is_first = next(iter(dump.lines.get(tenant_id, {})), head) == head
    may_start = move_may_start(record, task, len(dump.slots.get(plan_id, ())))
    return may_start and holder in (None, head) and is_first
