"""What holds in every ledger at every moment between two scripts, whoever was killed before (design, section 2).

``faults_of`` lists everything that is wrong, each line naming the key or event; ``check_ledger`` fails with the list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from orchestrator.domain.events import Event
from orchestrator.domain.status import PLAN_ENDED, PLAN_OPEN, TASK_ACTIVE, TASK_ENDED, TASK_OPEN, PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.reader import Reader
from tests.support.fold import FoldedPlan, fold

Record = dict[str, str]
KINDS = ("rollback", "resumed", "move", "retry")
"""Classes of a queue, each in its own range of 1e12 ranks."""


def check_ledger(reader: Reader) -> None:
    """Fails with everything that is wrong in the namespace."""
    faults = list(faults_of(reader))
    assert not faults, "the ledger breaks its invariants:\n  " + "\n  ".join(faults)


def faults_of(reader: Reader) -> Iterator[str]:
    """Everything that is wrong in the namespace, a line each."""
    ledger = _Snapshot(reader)
    yield from _log_faults(ledger)
    for plan_id, plan in ledger.plans.items():
        yield from _plan_faults(ledger, plan_id, plan)
    for task_id, task in ledger.tasks.items():
        yield from _task_faults(ledger, task_id, task)
    yield from _tenant_faults(ledger)
    for zset in ("leases_queued", "leases_running", "deadlines"):
        for task_id in ledger.zsets[zset]:
            if ledger.tasks.get(task_id, {}).get("status") not in TASK_ACTIVE:
                yield f"{zset}: {task_id} is no task that runs"
    yield from _fold_faults(ledger)


class _Snapshot:
    """Everything of a namespace that the checks read. Take it while nothing writes."""

    def __init__(self, reader: Reader) -> None:
        client, keys = reader._client, reader._keys
        ids = reader.plan_ids()
        self.plans = dict(zip(ids, reader.plan_records(ids), strict=True))
        task_ids = [f"{plan_id}.{n}" for plan_id, plan in self.plans.items() for n in range(int(plan["written"]))]
        self.tasks = dict(zip(task_ids, reader.task_records(task_ids), strict=True))
        tenants = sorted({task["tenant"] for task in self.tasks.values()})
        self.tenants = dict(zip(tenants, reader.tenant_records(tenants), strict=True))
        self.lines = {tenant: _zset(client, keys.of("line", tenant)) for tenant in tenants}
        self.queues = {plan_id: _zset(client, keys.of("queue", plan_id)) for plan_id in ids}
        self.slots = {plan_id: cast(set[str], client.smembers(keys.of("slots", plan_id))) for plan_id in ids}
        self.by_plan = {plan_id: cast(set[str], client.smembers(keys.of("plan_paused", plan_id))) for plan_id in ids}
        kinds = ("leases_queued", "leases_running", "deadlines", "lined")
        self.zsets = {kind: _zset(client, keys.of(kind)) for kind in kinds}
        self.active = set(reader.active_plans())
        with client.pipeline(transaction=False) as pipeline:
            for task_id in task_ids:
                pipeline.exists(keys.of("checkpoint", task_id))
            self.checkpoints = {task_id for task_id, there in zip(task_ids, pipeline.execute(), strict=True) if there}
        found: dict[int, Event] = {event.sequence_id: event for event in reader.events(None, 0)}
        for plan_id in ids:
            found |= {event.sequence_id: event for event in reader.events(plan_id, 0)}
        self.events = [found[number] for number in sorted(found)]


def _zset(client: Any, key: str) -> dict[str, float]:
    return dict(client.zrange(key, 0, -1, withscores=True))


def _waits(task: Record) -> bool:
    """Whether the task is to be admitted: a move, or a rollback asked for (a running one has its own boundary)."""
    return task["status"] == "PENDING" or (_flag(task, "rollbackRequested") and task["status"] not in TASK_ACTIVE)


def _flag(record: Record, name: str) -> bool:
    return record.get(name) == "1"


def _log_faults(ledger: _Snapshot) -> Iterator[str]:
    expected = 1
    plans: Counter[str] = Counter()
    for event in ledger.events:
        if event.sequence_id != expected:
            yield f"I6: event {event.sequence_id} ({event.type}) follows {expected - 1}"
        expected = event.sequence_id + 1
        plans[event.plan_id] = 0 if event.type == "PlanCreated" else plans[event.plan_id]
        plans[event.plan_id] += 1
        if event.plan_sequence_id != plans[event.plan_id]:
            yield f"I6: plan {event.plan_id}: {event.type} is {event.plan_sequence_id}, not {plans[event.plan_id]}"


def _plan_faults(ledger: _Snapshot, plan_id: str, plan: Record) -> Iterator[str]:
    tasks = {task_id: task for task_id, task in ledger.tasks.items() if plan_of(task_id) == plan_id}
    counts = Counter(task["status"] for task in tasks.values())
    counts["rollbackRequested"] = sum(_flag(task, "rollbackRequested") for task in tasks.values())
    for name in (*TaskState, "rollbackRequested"):
        if int(plan.get(f"n:{name}", 0)) != counts[name]:
            yield f"plan:{plan_id} n:{name} is {plan.get(f'n:{name}', 0)}, but {counts[name]} tasks are so"
    running = {task_id for task_id, task in tasks.items() if task["status"] in TASK_ACTIVE}
    if ledger.slots[plan_id] != running:
        yield f"I10: slots:{plan_id} holds {sorted(ledger.slots[plan_id])}, running are {sorted(running)}"
    if len(ledger.slots[plan_id]) > int(plan["max"]):
        yield f"I2: slots:{plan_id} holds {len(ledger.slots[plan_id])} of {plan['max']}"
    yield from _queue_faults(ledger, plan_id, tasks)
    for task_id in ledger.by_plan[plan_id]:
        if tasks[task_id]["status"] != "PAUSED":
            yield f"plan-paused:{plan_id}: {task_id} is {tasks[task_id]['status']}"
    status = PlanState(plan["status"])
    open_count = sum(counts[state] for state in TASK_OPEN) + counts["rollbackRequested"]
    if status in PLAN_ENDED and open_count:
        yield f"plan {plan_id} is {status} with {open_count} tasks open"
    if status in PLAN_OPEN and not open_count and "rollbackCursor" not in plan:
        yield f"I9: plan {plan_id} is {status} with nothing open"
    if status is PlanState.PAUSED and counts["RUNNING"]:
        yield f"I5: plan {plan_id} is PAUSED with {counts['RUNNING']} tasks RUNNING"
    if (plan_id in ledger.active) != (status in PLAN_OPEN):
        yield f"active: {plan_id} is {status}"


def _queue_faults(ledger: _Snapshot, plan_id: str, tasks: dict[str, Record]) -> Iterator[str]:
    queue = ledger.queues[plan_id]
    for task_id, rank in queue.items():
        task = tasks[task_id]
        if not _waits(task):
            yield f"I10: queue:{plan_id} has {task_id}, which is {task['status']} and waits for nothing"
        own = float(task.get("rank", 2e12 + int(task_id.rpartition(".")[2])))
        if rank != own:
            yield f"I3: queue:{plan_id} has {task_id} at {rank}, its own rank is {own}"
        is_rollback = _flag(task, "rollbackRequested")
        kind = KINDS[int(rank // 1e12)]
        if (kind == "rollback") != is_rollback:
            yield f"I3: queue:{plan_id} has {task_id} as {kind}, rollback asked for: {is_rollback}"
    for task_id, task in tasks.items():
        if _waits(task) and task_id not in queue and task_id not in ledger.lines[task["tenant"]]:
            yield f"I9: {task_id} waits in no queue and no line"


def _task_faults(ledger: _Snapshot, task_id: str, task: Record) -> Iterator[str]:
    status = TaskState(task["status"])
    holder = ledger.tenants[task["tenant"]].get("holder")
    leases = [kind for kind in ("queued", "running") if task_id in ledger.zsets[f"leases_{kind}"]]
    if status in TASK_ACTIVE:
        if holder != task_id:
            yield f"I1: {task_id} is {status}, but tenant {task['tenant']} is held by {holder}"
        if leases != [task.get("lease")]:
            yield f"I9: {task_id} is {status} with leases {leases}, its record says {task.get('lease')}"
        if ledger.tenants[task["tenant"]].get("epoch") != task.get("epoch"):
            yield f"I8: {task_id} has epoch {task.get('epoch')}, its tenant another"
        return
    left = [name for name in ("lease", "worker", "beatAt", "pauseRequested", "cancelRequested") if name in task]
    if left:
        yield f"I10: task:{task_id} is {status} and still has {left}"
    if status in TASK_ENDED:
        yield from _end_faults(ledger, task_id, task, holder)


def _end_faults(ledger: _Snapshot, task_id: str, task: Record, holder: str | None) -> Iterator[str]:
    status = task["status"]
    if holder == task_id:
        yield f"I10: {task_id} is {status} and holds tenant {task['tenant']}"
    if status in ("COMPLETED", "CANCELLED", "ROLLED_BACK") and task_id in ledger.checkpoints:
        yield f"I10: {task_id} is {status} and has a checkpoint"
    names = ("cursor", "stageStarted", "stageStartedAt", "dueAt", "retrying")
    left = [name for name in names if name in task]
    if not _waits(task):
        left += [name for name in ("waitingSince", "rank", "forced") if name in task]
        if task_id in ledger.lines[task["tenant"]]:
            yield f"I10: line:{task['tenant']} has {task_id}, which is {status}"
    if left:
        yield f"I10: task:{task_id} is {status} and still has {left}"


def _tenant_faults(ledger: _Snapshot) -> Iterator[str]:
    for tenant, record in ledger.tenants.items():
        holder = record.get("holder")
        if holder and (ledger.tasks[holder]["status"] in TASK_ENDED or ledger.tasks[holder]["tenant"] != tenant):
            yield f"I1: tenant:{tenant} is held by {holder}, which is {ledger.tasks[holder]['status']}"
        if not holder and ("epoch" in record or "since" in record):
            yield f"I10: tenant:{tenant} is held by nobody and still has an epoch or since"
        for task_id, score in ledger.lines[tenant].items():
            task = ledger.tasks[task_id]
            if not _waits(task) or (score < 1e12) != _flag(task, "rollbackRequested"):
                yield f"I3: line:{tenant} has {task_id} at {score}, which is {task['status']}"
        if bool(ledger.lines[tenant]) != (tenant in ledger.zsets["lined"]):
            yield f"lined: tenant {tenant} has a line of {len(ledger.lines[tenant])}"


def _fold_faults(ledger: _Snapshot) -> Iterator[str]:
    folded = fold(ledger.events)
    if set(folded) != set(ledger.plans):
        yield f"I7: the log knows plans {sorted(folded)}, the ledger {sorted(ledger.plans)}"
    for plan_id, plan in ledger.plans.items():
        known = folded.get(plan_id, FoldedPlan())
        told: tuple[object, ...] = (known.status, known.pause, known.cancel)
        kept: tuple[object, ...] = (plan["status"], _flag(plan, "pauseRequested"), _flag(plan, "cancelRequested"))
        if told != kept:
            yield f"I7: plan {plan_id}: status, pause, cancel are {kept}, the log tells {told}"
    for task_id, task in ledger.tasks.items():
        known_task = folded.get(plan_of(task_id), FoldedPlan()).tasks.get(task_id)
        if known_task is None:
            yield f"I7: the log does not know {task_id}"
            continue
        told = (known_task.status, known_task.pause, known_task.cancel, known_task.rollback)
        flags = (_flag(task, f"{wish}Requested") for wish in ("pause", "cancel", "rollback"))
        kept = (task["status"], *flags)
        told += (known_task.by_plan, known_task.holds, known_task.done)
        holds = ledger.tenants[task["tenant"]].get("holder") == task_id
        kept += (task_id in ledger.by_plan[plan_of(task_id)], holds, int(task.get("stage", 0)))
        if told != kept:
            words = "status, pause, cancel, rollback, paused by plan, holds, done"
            yield f"I7: task {task_id}: {words} are {kept}, the log tells {told}"
