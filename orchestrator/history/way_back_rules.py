"""I14: `auto_rollback` that never comes, or that comes of nothing: a failed task goes back in the write of its failure,
and only then."""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.status import TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.history.ledger_dump import DumpedRecord, LedgerDump, is_set
from orchestrator.history.report import Report
from orchestrator.history.world import World


def way_back_at_once(world: World, event: e.Event, report: Report) -> None:
    """I14: whose way back is taken when a person asks had one before, and its policy was to ask for it at once."""
    if not isinstance(event, e.OperationRequested) or event.operation != "rollback" or event.target_type != "task":
        return
    if world.is_damaged(event.plan_id):
        return
    if event.options.get("autoRollback"):
        plan = world.plans.get(event.plan_id)
        if plan is not None and plan.created and world.way_back.failing.get(event.plan_id) != event.target_id:
            report.add("I14", f"{event.target_id} goes back by policy, and has not just failed", event)
        return
    # Nobody's is taken that has touched nothing, or has no config to go back to.
    if (failure := world.way_back.owed.get(event.target_id)) is not None:
        message = f"{event.target_id} has a way back, and its plan's policy did not ask for it when it failed"
        report.add("I14", message, failure, event)


def check_ways_back(world: World, dump: LedgerDump, report: Report) -> None:
    """I14, of a dump: nobody has failed, could go back, and was not asked to by the policy of its plan."""
    sound = dict(dump.sound_tasks())
    for task_id, failure in world.way_back.owed.items():
        record = sound.get(task_id)
        if record is not None and not world.is_damaged(plan_of(task_id)) and _stays(dump, task_id, record):
            message = f"{task_id} has failed, its plan says auto_rollback, and it neither goes back nor says why not"
            report.add("I14", message, failure)


def _stays(dump: LedgerDump, task_id: str, record: DumpedRecord) -> bool:
    """Whether it stays failed though it has something to go back from, and to."""
    has_failed = record["status"] == TaskState.FAILED and not is_set(record, "rollbackRequested")
    has_touched = record.get("touched", "0") != "0"
    return has_failed and has_touched and ("snapshot" in record or task_id in dump.sources)
