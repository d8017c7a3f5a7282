"""I7: the folded log gives the ledger's state. And for a history that is over: everything in it has ended."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from orchestrator.domain.fold_fleet import breakers_of
from orchestrator.domain.folded import FoldedPlan, FoldedTask
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.waves import WaveState
from orchestrator.history.dump_plans import class_of
from orchestrator.history.ledger_dump import DumpedRecord, LedgerDump, is_set
from orchestrator.history.report import Report
from orchestrator.history.world import World

DAY_MS: Final = 86_400_000


def check_fold(world: World, dump: LedgerDump, report: Report, *, damaged: Collection[str] = ()) -> None:
    """I7 over all plans but the ``damaged`` ones; I6: the counter is where the log ends."""
    is_empty = world.is_cut and not world.sequence
    if world.sequence != dump.seq and not is_empty:
        report.add("I6", f"the log ends at {world.sequence}, the counter stands at {dump.seq}")
    for plan_id, plan in world.plans.items():
        if plan_id in damaged or plan_id in dump.unreadable:
            continue
        if dump.is_damaged(plan_id):
            lost = "no record" if not dump.plans.get(plan_id) else "half a record"
            report.add("I7", f"{plan_id} folds to {plan.state}, the ledger has {lost} of it", plan.last)
        else:
            _compare_plan(plan, dump, report)
            _compare_start(world, plan, dump.plans[plan_id], report)
    for plan_id in dump.plans:
        if plan_id not in world.plans and not world.is_cut:
            report.add("I7", f"{plan_id} is in the ledger and not in the log")
    for task_id, record in dump.sound_tasks():
        task = world.tasks.get(task_id)
        if task is not None and task.known:
            _compare_task(world.plans[task.plan_id], task, dump, record, report)
            if task.whole:
                _compare_queued(world, task, record, report)
        elif task is None and not world.is_cut and plan_of(task_id) in world.plans:
            report.add("I7", f"{task_id} is in the ledger and not in the log")


def _compare_plan(plan: FoldedPlan, dump: LedgerDump, report: Report) -> None:
    record = dump.plans[plan.plan_id]
    told: dict[str, object] = {}
    kept: dict[str, object] = {}
    if plan.known:
        told["status"], kept["status"] = plan.state.value, record["status"]
    if plan.created:
        told |= _made(plan) | {
            "pause": bool(plan.pause_asked),
            "cancel": bool(plan.cancel_asked),
            "paused by it": sorted(plan.paused),
            "waves": [wave.state.value for wave in plan.waves],
            "accepted": [part.accepted for part in breakers_of(plan)],
            "tripped": plan.tripped,
        }
        kept |= _kept(record, len(plan.waves)) | {
            "pause": is_set(record, "pauseRequested"),
            "cancel": is_set(record, "cancelRequested"),
            "paused by it": sorted(dump.plan_paused.get(plan.plan_id, ())),
            "waves": [record.get(f"wave:{index}:state", WaveState.PENDING.value) for index in range(len(plan.waves))],
            "accepted": [
                int(record.get(f"{part}accepted", 0))
                for part in ("", *(f"wave:{index}:" for index in range(len(plan.waves))))
            ],
            "tripped": record.get("tripped", ""),
        }
    _compare(plan.plan_id, told, kept, plan.last, report)
    if plan.state is not PlanState.CREATED:
        for task in plan.tasks.values():
            if task.task_id not in dump.tasks:
                report.add("I7", f"{task.task_id} folds to {task.state}, the ledger has no record of it", task.last)


def _made(plan: FoldedPlan) -> dict[str, object]:
    """As what its creation told it."""
    waves = [(wave.total, wave.max_concurrency) for wave in plan.waves]
    soaks = [None if wave.soak_seconds is None else round(wave.soak_seconds * 1000) for wave in plan.waves]
    return {
        "name": plan.name,
        "most at once": [plan.max_concurrency, *(most for _, most in waves)],
        "total": [plan.total, *(total for total, _ in waves)],
        "tolerance": [part.tolerance for part in breakers_of(plan)],
        "soaks": soaks,
        "gates": [wave.gate is not None for wave in plan.waves],
    }


def _kept(record: DumpedRecord, waves: int) -> dict[str, object]:
    """The same of its record; a record of half a wave has been named by then, and says None here."""
    parts = [f"wave:{index}:" for index in range(waves)]

    def numbers(name: str, *of: str) -> list[object]:
        return [counted_number(record.get(f"{part}{name}")) for part in of]

    return {
        "name": record.get("name"),
        "most at once": numbers("max", "", *parts),
        "total": numbers("total", "", *parts),
        "tolerance": numbers("tolerance", "", *parts),
        "soaks": numbers("soak", *parts),
        "gates": [f"{part}gate" in record for part in parts],
    }


def _compare_start(world: World, plan: FoldedPlan, record: DumpedRecord, report: Report) -> None:
    """That clocks step, and that releases have not all gone by the same one, is no fault."""
    told, kept = world.plan_starts.get(plan.plan_id), counted_number(record.get("startedAt"))
    if plan.created and told is not None and kept is not None and abs(told - kept) > DAY_MS:
        report.add("I7", f"{plan.plan_id}: started folds to {told} ms, the ledger says {kept}", plan.last)


def _compare_task(plan: FoldedPlan, task: FoldedTask, dump: LedgerDump, record: DumpedRecord, report: Report) -> None:
    told: dict[str, object] = {"status": task.state.value, "tenant": task.tenant_id}
    kept: dict[str, object] = {"status": record["status"], "tenant": record.get("tenant")}
    if plan.created:
        # Its waves are told with its creation.
        told["wave"], kept["wave"] = task.wave_index, int(record.get("wave", 0))
    if task.whole:
        told |= {
            "pause": bool(task.pause_asked),
            "cancel": bool(task.cancel_asked),
            "rollback": bool(task.rollback_asked),
            "holds": task.holds,
            "stages": task.done,
            "attempt": task.attempt,
            "accepted": task.is_accepted,
            "back by policy": task.by_policy,
            "skipped": task.skipped,
        }
        kept |= {
            "pause": is_set(record, "pauseRequested"),
            "cancel": is_set(record, "cancelRequested"),
            "rollback": is_set(record, "rollbackRequested"),
            "holds": dump.tenants.get(task.tenant_id, {}).get("holder") == task.task_id,
            "stages": int(record.get("stage", 0)),
            "attempt": int(record.get("attempt", 1)),
            "accepted": is_set(record, "accepted"),
            "back by policy": is_set(record, "policyBack"),
            "skipped": record["skipped"].split("\n") if "skipped" in record else [],
        }
    _compare(task.task_id, told, kept, task.last, report)


def _compare_queued(world: World, task: FoldedTask, record: DumpedRecord, report: Report) -> None:
    """What no state tells: how often it was retried, and as what it waits."""
    told: dict[str, object] = {"retries": world.asked.retries[task.task_id]}
    kept: dict[str, object] = {"retries": counted_number(record.get("retries", "0"))}
    if task.state in (TaskState.PENDING, TaskState.PAUSED):
        told["has started"], kept["has started"] = task.holds, "startedAt" in record
    if task.state is TaskState.PENDING:
        told["queued as"], kept["queued as"] = task.queued_as, class_of(record)
    _compare(task.task_id, told, kept, task.last, report)


def _compare(name: str, told: dict[str, object], kept: dict[str, object], last: int, report: Report) -> None:
    for what, value in told.items():
        if value != kept[what]:
            report.add("I7", f"{name}: {what} folds to {value}, the ledger says {kept[what]}", last)


def check_all_ended(world: World, report: Report, *, damaged: Collection[str] = ()) -> None:
    """I12 and I9, for a history that is over: every plan has ended, but for the ``damaged`` ones (I19)."""
    for plan in world.plans.values():
        if plan.plan_id in damaged:
            continue
        if plan.state not in PLAN_ENDED:
            report.add("I12", f"{plan.plan_id} has not ended: it is {plan.state}", plan.last)
            if damaged:
                report.add("I19", f"{plan.plan_id} was held up beside {sorted(damaged)}", plan.last)
        for task in plan.active.values():
            report.add("I9", f"{task.task_id} is {task.state} for good", task.last)
