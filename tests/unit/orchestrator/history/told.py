"""Small histories to doctor: a right one, told as lines, numbered afterwards; and the ledger that goes with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.domain import events as e
from orchestrator.domain.events import EVENT, Event
from orchestrator.history import Effect, LedgerDump

STAGES = ("a", "b")
WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW_MS = round(WRITTEN_AT.timestamp() * 1000) + 1_000
"""When the dump is taken: a second after everything was written."""
PLAN = "p"
FAILURE = {"type": "X", "message": "x"}
_EXTRA: dict[str, dict[str, Any]] = {
    "PlanCreated": {"name": "P", "totalTasks": 3, "maxConcurrency": 2},
    "PlanReady": {"totalTasks": 3},
    "PlanProgress": {"completedTasks": 0, "totalTasks": 3},
    "TaskStarted": {"totalStages": 2},
    "TaskCompleted": {"durationMillis": 1, "completedStages": 2},
    "TaskStageSucceeded": {"durationMillis": 1},
    "TaskStageRolledBack": {"durationMillis": 1},
    "TaskStageFailed": {"failureInfo": FAILURE},
    "TaskFailed": {"failureInfo": FAILURE, "completedStages": 0},
    "TaskSoakFailed": {"failureInfo": FAILURE},
    "TaskRollbackFailed": {"failureInfo": FAILURE},
    "TaskCancelled": {"cancelledBy": "me"},
    "TaskRecovered": {"epoch": 9, "reason": "gone"},
    "TaskWaiting": {"reason": "held", "holder": "q.0"},
    "TaskRetryStarted": {"fromCheckpoint": True},
    "TaskRollingBack": {"stagesToRollback": ["a"]},
    "TaskRolledBack": {"restored": {}},
}

Line = tuple[Any, ...]


def task(position: int, kind: str, stage: str | None = None, **more: Any) -> Line:
    fields = {"taskId": f"{PLAN}.{position}", "tenantId": f"t{position}", **more}
    if stage is not None:
        fields["stageName"] = stage
    return kind, fields


def asked(operation: str, target: str, request: str | None = None, **options: Any) -> Line:
    fields: dict[str, Any] = {
        "operation": operation,
        "targetId": target,
        "actor": "me",
        "reason": "",
        "requestId": request,
        "options": options,
    }
    fields["planId"] = target.rpartition(".")[0] or target
    fields["targetType"] = "plan" if "." not in target else "task"
    if "." in target:
        fields |= {"taskId": target, "tenantId": f"t{target.rpartition('.')[2]}"}
    return "OperationRequested", fields


def by_policy(operation: str) -> Line:
    """What a breaker asks of the plan."""
    kind, fields = asked(operation, PLAN)
    return kind, {**fields, "actor": "policy"}


def of_plan(kind: str, **more: Any) -> Line:
    return kind, more


def freeze(tenants: str | None = "t1", after: int = 0, seconds: float | None = 3600, **more: Any) -> Line:
    """Set so many seconds after everything was written."""
    at = WRITTEN_AT + timedelta(seconds=after)
    until = None if seconds is None else at + timedelta(seconds=seconds)
    scope = {"tenants": tenants, "all": tenants is None}
    fields = {"freezeId": "freeze-1", "scope": scope, "until": until, "actor": "ops", "reason": "why"}
    return "FreezeSet", {**fields, "occurredAt": at, **more}


def unfreeze() -> Line:
    return "FreezeLifted", {"freezeId": "freeze-1", "actor": "ops", "reason": "over", "occurredAt": WRITTEN_AT}


def opening(max_concurrency: int = 2) -> list[Line]:
    return [
        of_plan("PlanCreated", maxConcurrency=max_concurrency),
        *(task(i, "TaskCreated") for i in range(3)),
        of_plan("PlanReady"),
        of_plan("PlanStarted"),
    ]


def move(position: int, admission: str = "TaskStarted") -> list[Line]:
    """One task from its admission to its good end."""
    lines = [task(position, admission)]
    for stage in STAGES:
        lines += [task(position, "TaskStageStarted", stage), task(position, "TaskStageSucceeded", stage)]
    return [*lines, task(position, "TaskCompleted"), of_plan("PlanProgress")]


def right() -> list[Line]:
    """Three tasks, one after the other, all well."""
    return [*opening(), *move(0), *move(1), *move(2), of_plan("PlanCompleted")]


def _counted(kind: str, plan_id: str, completed: set[str], totals: Mapping[str, int]) -> dict[str, Any]:
    """How many of the plan's tasks have completed by now."""
    if kind != "PlanProgress":
        return {}
    count = sum(task_id.startswith(f"{plan_id}.") for task_id in completed)
    return {"completedTasks": count, "totalTasks": totals.get(plan_id, 3)}


def tell(lines: list[Line]) -> list[Event]:
    """Numbers the lines and makes them events."""
    events: list[Event] = []
    plan_numbers: Counter[str] = Counter()
    completed: set[str] = set()
    totals: dict[str, int] = {}
    for number, (kind, fields) in enumerate(lines, 1):
        if issubclass(getattr(e, kind), e.NamespaceEvent):
            own = {"type": kind, "sequenceId": number, "occurredAt": WRITTEN_AT}
            events.append(EVENT.validate_python(own | fields))
            continue
        plan_id = fields.get("planId", PLAN)
        plan_numbers[plan_id] += 1
        if kind == "PlanCreated":
            totals[plan_id] = fields.get("totalTasks", _EXTRA[kind]["totalTasks"])
        if kind in ("TaskCompleted", "TaskRollingBack", "TaskSoakFailed"):
            (completed.add if kind == "TaskCompleted" else completed.discard)(fields["taskId"])
        wire = {"type": kind, "planId": plan_id, "sequenceId": number, "planSequenceId": plan_numbers[plan_id]}
        wire |= {
            "occurredAt": WRITTEN_AT,
            **_EXTRA.get(kind, {}),
            **_counted(kind, plan_id, completed, totals),
            **fields,
        }
        events.append(EVENT.validate_python(wire))
    return events


def ledger(lines: list[Line]) -> LedgerDump:
    """What the ledger holds after ``right``, with the counter where ``lines`` end."""
    plan = {
        "name": "P",
        "status": "COMPLETED",
        "max": "2",
        "stages": "2",
        "n:COMPLETED": "3",
        "total": "3",
        "written": "3",
    }
    plan |= {"planSeq": str(len(lines)), "startedAt": str(NOW_MS - 1_000)}
    retried = Counter(f["targetId"] for kind, f in lines if kind == "OperationRequested" and f["operation"] == "retry")
    return LedgerDump(
        now_ms=NOW_MS,
        seq=len(lines),
        epoch=3,
        plans={PLAN: plan | {f"stage:{i}": name for i, name in enumerate(STAGES)}},
        tasks={
            f"{PLAN}.{i}": {
                "status": "COMPLETED",
                "tenant": f"t{i}",
                "stage": "2",
                "epoch": f"{i + 1}",
                "attempt": f"{1 + retried[f'{PLAN}.{i}']}",
                "retries": f"{retried[f'{PLAN}.{i}']}",
            }
            for i in range(3)
        },
        tenants={f"t{i}": {"newest": f"{PLAN}.{i}"} for i in range(3)},
        slots={PLAN: set()},
        queues={PLAN: {}},
        logs={PLAN: len(lines)},
        ended={PLAN},
    )


def running_ledger(lines: list[Line]) -> LedgerDump:
    """What the ledger holds while task 0 runs its first stage and the others wait."""
    dump = ledger(lines)
    dump.plans[PLAN] |= {"status": "RUNNING", "n:COMPLETED": "0", "n:RUNNING": "1", "n:PENDING": "2"}
    dump.tasks[f"{PLAN}.0"] |= {"status": "RUNNING", "stage": "0", "lease": "running"}
    for i in (1, 2):
        dump.tasks[f"{PLAN}.{i}"] |= {"status": "PENDING", "stage": "0"}
    dump.tenants["t0"] |= {"holder": f"{PLAN}.0", "epoch": "1"}
    dump.slots[PLAN] = {f"{PLAN}.0"}
    dump.queues[PLAN] = {f"{PLAN}.1": 2e12 + 1, f"{PLAN}.2": 2e12 + 2}
    dump.leases_running = {f"{PLAN}.0": NOW_MS + 5_000}
    dump.active, dump.ready, dump.ended = {PLAN}, {PLAN}, set()
    return dump


def running() -> list[Line]:
    return [*opening(), task(0, "TaskStarted"), task(0, "TaskStageStarted", "a")]


def effect(position: int, stage: int, attempt: int = 1, mode: str = "RUNNING", epoch: int | None = None) -> Effect:
    return Effect(f"t{position}", f"{PLAN}.{position}/{attempt}/{mode}/{stage}/0", epoch)


PAUSED = [
    *opening(),
    task(0, "TaskStarted"),
    task(0, "TaskStageStarted", "a"),
    asked("pause", "p.0"),
    task(0, "TaskStageSucceeded", "a"),
    task(0, "TaskPaused"),
    asked("resume", "p.0"),
    task(0, "TaskResumed"),
    task(0, "TaskStageStarted", "b"),
    task(0, "TaskStageSucceeded", "b"),
    task(0, "TaskCompleted"),
    of_plan("PlanProgress"),
    *move(1),
    *move(2),
    of_plan("PlanCompleted"),
]
RETRIED = [
    *opening(),
    task(0, "TaskStarted"),
    task(0, "TaskStageStarted", "a"),
    task(0, "TaskStageFailed", "a"),
    task(0, "TaskFailed"),
    asked("retry", "p.0", fromCheckpoint=True),
    *move(1),
    *move(2),
    *move(0, "TaskRetryStarted"),
    of_plan("PlanCompleted"),
]
PAUSED_PLAN = [
    *opening(),
    task(0, "TaskStarted"),
    task(0, "TaskStageStarted", "a"),
    asked("pause", PLAN),
    task(0, "TaskStageSucceeded", "a"),
    task(0, "TaskPaused"),
    of_plan("PlanPaused"),
    asked("resume", PLAN),
    of_plan("PlanResumed"),
    task(0, "TaskResumed"),
    task(0, "TaskStageStarted", "b"),
    task(0, "TaskStageSucceeded", "b"),
    task(0, "TaskCompleted"),
    *move(1),
    *move(2),
    of_plan("PlanCompleted"),
]
ROLLED_BACK = [
    *right()[:-1],
    asked("rollback", "p.0"),
    task(0, "TaskRollingBack", stagesToRollback=["b", "a"]),
    task(0, "TaskStageRollingBack", "b"),
    task(0, "TaskStageRolledBack", "b"),
    task(0, "TaskStageRollingBack", "a"),
    task(0, "TaskStageRolledBack", "a"),
    task(0, "TaskRolledBack"),
]
