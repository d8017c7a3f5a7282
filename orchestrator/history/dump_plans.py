"""What a dump says of each plan: counters, slots, queue and state against the states of its tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from orchestrator.domain.folded import QueueClass
from orchestrator.domain.status import PLAN_ENDED, PLAN_OPEN, TASK_ACTIVE, TASK_OPEN, PlanState, TaskState
from orchestrator.domain.task_id import position_of
from orchestrator.history.ledger_dump import DumpedRecord, LedgerDump, is_set, waits
from orchestrator.history.places import FAILURES, wave_keeps_open
from orchestrator.history.report import Report

CLASS_WIDTH: Final = 1e12
"""Ranks of one class of a queue."""

WAVE_BLOCK: Final = 2 * CLASS_WIDTH
"""Ranks of one wave."""


_MARKS: Final = ("rollbackRequested", "accepted", "acceptedFailed", "skipped", "takenBack", "sentBack")
"""What is counted besides states."""

_TAKEN_BACK: Final = frozenset({TaskState.ROLLING_BACK, TaskState.ROLLED_BACK})


def check_plans(dump: LedgerDump, report: Report) -> None:
    """All plans whose record is whole."""
    tasks = dump.by_plan()
    for plan_id, record in dump.sound_plans():
        _check_counters(plan_id, record, tasks[plan_id], report)
        _check_slots(dump, plan_id, record, tasks[plan_id], report)
        _check_queue(dump, plan_id, tasks[plan_id], report)
        _check_state(dump, plan_id, record, tasks[plan_id], report)
        for task_id in dump.plan_paused.get(plan_id, ()):
            state = tasks[plan_id].get(task_id, {}).get("status")
            if state != TaskState.PAUSED:
                report.add("I5", f"{plan_id} counts {task_id} as paused by it, which is {state}")


def _check_counters(plan_id: str, record: DumpedRecord, tasks: Mapping[str, DumpedRecord], report: Report) -> None:
    counts = _counts(tasks)
    for name in (*TaskState, *_MARKS):
        if int(record.get(f"n:{name}", 0)) != counts[name]:
            report.add("I7", f"{plan_id} counts {record.get(f'n:{name}', 0)} {name}, its tasks {counts[name]}")
    for wave in range(int(record.get("waves", 0))):
        counts = _counts({task_id: task for task_id, task in tasks.items() if task.get("wave") == str(wave)})
        for name in (*TaskState, *_MARKS):
            told = int(record.get(f"wave:{wave}:n:{name}", 0))
            if told != counts[name]:
                report.add("I7", f"{plan_id} counts {told} {name} in wave {wave}, its tasks {counts[name]}")


def _counts(tasks: Mapping[str, DumpedRecord]) -> Counter[str]:
    counts = Counter(task["status"] for task in tasks.values())
    for task in tasks.values():
        counts["rollbackRequested"] += is_set(task, "rollbackRequested")
        counts["accepted"] += is_set(task, "accepted")
        counts["acceptedFailed"] += is_set(task, "accepted") and task["status"] == TaskState.FAILED
        counts["skipped"] += "skipped" in task and task["status"] not in FAILURES
        counts["takenBack"] += is_set(task, "policyBack") and task["status"] in _TAKEN_BACK
        counts["sentBack"] += is_set(task, "sentBack")
    return counts


def _check_slots(
    dump: LedgerDump, plan_id: str, record: DumpedRecord, tasks: Mapping[str, DumpedRecord], report: Report
) -> None:
    slots = dump.slots.get(plan_id, set())
    active = {task_id for task_id, task in tasks.items() if task["status"] in TASK_ACTIVE}
    if len(slots) > int(record["max"]):
        report.add("I2", f"{plan_id} has {len(slots)} slots taken of {record['max']}")
    if slots - active:
        report.add("I10", f"{plan_id}: slots of tasks that do not run: {sorted(slots - active)}")
    if active - slots:
        report.add("I2", f"{plan_id}: tasks that run without a slot: {sorted(active - slots)}")


def _check_queue(dump: LedgerDump, plan_id: str, tasks: Mapping[str, DumpedRecord], report: Report) -> None:
    queue = dump.queues.get(plan_id, {})
    for task_id, rank in queue.items():
        task = tasks.get(task_id, {})
        if not waits(task):
            what = f"which is {task.get('status')} and waits for nothing" if task else "whose record is gone"
            report.add("I10", f"{plan_id} queues {task_id}, {what}")
        in_wave = int(task.get("wave", 0)) * WAVE_BLOCK
        own = float(task.get("rank", QueueClass.MOVE * CLASS_WIDTH + position_of(task_id) + in_wave))
        if rank != own:
            report.add("I3", f"{plan_id} queues {task_id} at {rank:.0f}, its own rank is {own:.0f}")
        goes_back = is_set(task, "rollbackRequested")
        if (rank // CLASS_WIDTH == QueueClass.ROLLBACK) != goes_back:
            report.add("I3", f"{plan_id} queues {task_id} at {rank:.0f}, though a rollback is asked for: {goes_back}")
    for task_id, task in tasks.items():
        if waits(task) and task_id not in queue and not dump.waits_elsewhere(task_id):
            report.add("I9", f"{task_id} is {task['status']}, waits, and stands in no queue and no line")


def class_of(task: DumpedRecord) -> QueueClass:
    """As what a waiting move stands in its plan's queue. Ranks are a class within a wave, but of one that goes on with
    what it holds."""
    if "rank" not in task:
        return QueueClass.MOVE
    rank = float(task["rank"])
    in_wave = 0 if "startedAt" in task else int(task.get("wave", 0)) * WAVE_BLOCK
    return QueueClass(min(max(int((rank - in_wave) // CLASS_WIDTH), 0), QueueClass.RETRY))


def _check_state(
    dump: LedgerDump, plan_id: str, record: DumpedRecord, tasks: Mapping[str, DumpedRecord], report: Report
) -> None:
    state, counts = PlanState(record["status"]), _counts(tasks)
    open_count = sum(counts[name] for name in TASK_OPEN) + counts["rollbackRequested"]
    if state in PLAN_ENDED and open_count:
        report.add("I12", f"{plan_id} is {state} with {open_count} tasks open")
    # While chunks of a rollback or retry are left, what they will ask for counts as open.
    kept_open = {"rollbackCursor", "retryCursor", "waveRollback"} & record.keys() or wave_keeps_open(record)
    if state in PLAN_OPEN and not open_count and not kept_open:
        report.add("I9", f"{plan_id} is {state} with nothing open")
    if state is PlanState.PAUSED and counts[TaskState.RUNNING]:
        report.add("I5", f"{plan_id} is {state} with {counts[TaskState.RUNNING]} tasks running")
    if (plan_id in dump.active) != (state in PLAN_OPEN):
        report.add("I9", f"{plan_id} is {state} and {'' if plan_id in dump.active else 'not '}looked after")
    if plan_id in dump.drafts and state is not PlanState.CREATED:
        report.add("I11", f"{plan_id} is {state} and still counts as a draft")
    if (plan_id in dump.ended) != (state in PLAN_ENDED):
        report.add("I18", f"{plan_id} is {state} and {'' if plan_id in dump.ended else 'not '}up for retention")
    # An older plan of this id, which is gone, had the numbers before.
    written = int(record.get("planSeq", 0)) - int(record.get("planSeqFrom", 0))
    if plan_id in dump.logs and dump.logs[plan_id] != written:
        report.add("I6", f"the log of {plan_id} has {dump.logs[plan_id]} events of {written}")
