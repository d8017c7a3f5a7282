"""Why is it not moving? One plain sentence for each thing that a task or plan waits for."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from orchestrator.control.answers import Explanation, PlanSummary, TaskStatus
from orchestrator.control.status import StatusReader
from orchestrator.control.waiting_circle import circle_from
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.presence import Process
from orchestrator.ledger.reader import LINE, LeaseKind, Reader
from orchestrator.settings.model import Settings

Record = Mapping[str, str]
TASKS_SHOWN = 10
"""How many of a plan's tasks are explained one by one."""


class Explainer:
    """Reads the ledger and the processes' presence; raises ``NotFound`` for what does not exist."""

    def __init__(self, reader: Reader, settings: Settings) -> None:
        self._reader = reader
        self._status = StatusReader(reader)
        self._lanes = settings.lanes
        self._silence_seconds = settings.deaf_seconds

    def task(self, task_id: str) -> Explanation:
        """One task."""
        status = self._status.task(task_id)
        reasons = self._task_reasons(status, self._reader.now_ms(), self._reader.alive())
        return Explanation(target_type="task", target_id=task_id, status=status.status, reasons=reasons)

    def plan(self, plan_id: str) -> Explanation:
        """A plan: what holds it as a whole, then its first unfinished tasks."""
        status = self._status.summary(plan_id)
        record = self._reader.plan_record(plan_id)
        processes, now_ms = self._reader.alive(), self._reader.now_ms()
        reasons = self._plan_reasons(status, record, processes)
        found = self._unfinished(plan_id, int(record["written"]))
        for task in self._status.tasks_at(plan_id, found[:TASKS_SHOWN]):
            reasons += [f"{task.task_id}: {reason}" for reason in self._task_reasons(task, now_ms, processes)]
        if (more := len(found) - TASKS_SHOWN) > 0:
            reasons.append(f"and {more} more tasks; `changeover explain --task ID` tells of each")
        return Explanation(target_type="plan", target_id=plan_id, status=status.status, reasons=reasons)

    def _unfinished(self, plan_id: str, total: int) -> list[int]:
        """Positions of the tasks that are worth a word: those that move, then those in a line, then the failed ones."""
        groups: list[set[str]] = [{*TASK_ACTIVE}, {LINE}, {TaskState.FAILED, TaskState.ROLLBACK_FAILED}]
        found: list[list[int]] = [[], [], []]
        for step in self._reader.find_tasks(plan_id, total, [word for group in groups for word in group]):
            for group, positions in zip(groups, found, strict=True):
                positions += sorted(position for word in group for position in step[word])
        return [position for positions in found for position in positions]

    def _plan_reasons(self, status: PlanSummary, record: Record, processes: list[Process]) -> list[str]:
        if status.status in PLAN_ENDED:
            return [f"the plan has ended: {_counts(status)}"]
        if status.status == PlanState.CREATED:
            total, written = record["total"], record["written"]
            return [f"its submit was cut off after {written} of {total} tenants; submit the same plan again to go on"]
        reasons = self._no_coordinator(processes)
        running = status.counts.get(TaskState.RUNNING, 0)
        if record.get("cancelRequested") == "1":
            reasons.append(f"it is being cancelled{_by(record, 'cancel')}; {running} stages still run to their end")
        elif status.pausing:
            reasons.append(f"it is pausing{_by(record, 'pause')}: {running} stages still run to their end")
        elif status.status == PlanState.PAUSED:
            reasons.append(
                f"it is paused{_by(record, 'pause')}; `changeover resume --plan {status.plan_id}` lets it go on"
            )
        held = self._reader.slots_used(status.plan_id)
        queued = self._reader.queue_length(status.plan_id)
        reasons.append(f"{held} of {status.max_concurrency} slots are in use, {queued} tasks wait; {_counts(status)}")
        return reasons

    def _task_reasons(self, task: TaskStatus, now_ms: int, processes: list[Process]) -> list[str]:
        record = self._reader.task_records([task.task_id])[0]
        plan = self._reader.plan_record(task.plan_id)
        match TaskState(task.status):
            case TaskState.PENDING:
                return self._waiting(task, plan, processes)
            case TaskState.RUNNING | TaskState.ROLLING_BACK:
                return self._moving(task, record, plan, now_ms, processes)
            case TaskState.PAUSED:
                by_plan = self._reader.is_paused_by_plan(task.task_id)
                if by_plan and plan.get("resuming") == "1":
                    reasons = ["its plan goes on: a coordinator is about to put it back into the queue"]
                elif by_plan:
                    hint = f"`changeover resume --plan {task.plan_id}` lets both go on"
                    reasons = [f"it is paused with its plan{_by(plan, 'pause')}; {hint}"]
                else:
                    hint = f"`changeover resume --task {task.task_id}` lets it go on"
                    reasons = [f"it is paused{_by(record, 'pause')}; {hint}"]
            case TaskState.FAILED | TaskState.ROLLBACK_FAILED if task.failure_info is not None:
                failure = task.failure_info
                where = f" in stage {failure.stage_name}" if failure.stage_name else ""
                reasons = [f"it failed{where}: {failure.message}{_hint(task)}"]
            case _:
                by = f" by {record['cancelledBy']}" if task.status == TaskState.CANCELLED else ""
                reasons = [f"it has ended as {task.status}{by}"]
        if task.rollback_requested:
            reasons.append("its rollback is asked for; " + self._waiting(task, plan, processes)[0])
        return reasons

    def _waiting(self, task: TaskStatus, plan: Record, processes: list[Process]) -> list[str]:
        is_move = not task.rollback_requested
        if plan["status"] == PlanState.CREATED:
            return ["its plan is still being submitted"]
        if is_move and plan.get("cancelRequested") == "1":
            return [f"its plan is being cancelled{_by(plan, 'cancel')}"]
        if is_move and plan.get("pauseRequested") == "1":
            return [f"its plan is paused{_by(plan, 'pause')}; `changeover resume --plan {task.plan_id}` lets it go on"]
        reasons = self._no_coordinator(processes)
        if circle := circle_from(self._reader, task.task_id):
            hint = f"`changeover cancel --task {task.task_id}` or of another of them ends it"
            return [f"it waits in a circle that does not end by itself: {'; '.join(circle)}; {hint}", *reasons]
        tenant = self._reader.tenant_records([task.tenant_id])[0]
        holder = tenant.get("holder")
        if holder and holder != task.task_id:
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(int(tenant["since"]) / 1000))
            reasons.append(
                f"it waits for tenant {task.tenant_id}, held by task {holder} of plan {plan_of(holder)} since {since}"
            )
            return reasons
        rank = self._reader.tasks_before(task.task_id)
        used = self._reader.slots_used(task.plan_id)
        if rank is None:
            reasons.append(f"it is next in line for tenant {task.tenant_id}, which is free")
        elif used < int(plan["max"]) and rank == 0:
            reasons.append("it is next, and a slot is free: a coordinator will admit it")
        else:
            reasons.append(f"it waits for a slot: {used} of {plan['max']} are in use and {rank} tasks are before it")
        return reasons

    def _moving(
        self, task: TaskStatus, record: Record, plan: Record, now_ms: int, processes: list[Process]
    ) -> list[str]:
        kind: LeaseKind = "running" if record.get("lease") == "running" else "queued"
        lease_ms = self._reader.lease_ends_ms(kind, task.task_id) or now_ms
        overdue = max(0.0, (now_ms - lease_ms) / 1000)
        reasons = []
        stage = f"stage {task.current_stage} ({task.completed_stages + 1} of {task.total_stages})"
        cursor = json.loads(record.get("cursor") or "{}")
        due_ms = int(record.get("dueAt", 0))
        if kind == "running":
            reasons.append(f"{stage} runs on worker {(record.get('worker') or '').partition('/')[0]}")
        elif cursor and due_ms > now_ms:
            note = f": {cursor['note']}" if cursor.get("note") else ""
            reasons.append(f"{stage} is between polls, next in {(due_ms - now_ms) / 1000:.1f} s{note}")
        else:
            reasons.append(f"{stage} waits for a worker")
            reasons += self._no_worker(task.tenant_id, processes)
        if overdue > 0:
            reasons.append(f"its lease is overdue by {overdue:.0f} s; a coordinator will take it up")
            reasons += self._no_coordinator(processes)
        if task.cancel_requested:
            reasons.append(f"it is being cancelled{_by(record, 'cancel')}, when stage {task.current_stage} ends")
        elif task.rollback_requested:
            reasons.append(f"it turns back{_by(record, 'rollback')}, when stage {task.current_stage} ends")
        elif task.pause_requested:
            reasons.append(f"it is pausing{_by(record, 'pause')}, until stage {task.current_stage} ends")
        elif task.status == TaskState.RUNNING:
            reasons += _plan_stops(plan, task.current_stage)
        return reasons

    def _no_coordinator(self, processes: list[Process]) -> list[str]:
        if any(process.role == "coordinator" for process in processes):
            return []
        return ["no coordinator is alive; start one with `changeover coordinator`"]

    def _no_worker(self, tenant_id: str, processes: list[Process]) -> list[str]:
        queue = lane_name(lane_of(tenant_id, self._lanes))
        consumers = [process for process in processes if process.role == "worker" and queue in process.queues]
        if not consumers:
            return [f"no worker consumes queue {queue}; start one with `changeover worker`"]
        if all(process.silent_seconds >= self._silence_seconds for process in consumers):
            return [f"every worker of queue {queue} is connected but gets nothing; each ends itself, start others"]
        return []


def _counts(status: PlanSummary) -> str:
    return ", ".join(f"{count} {state}" for state, count in status.counts.items()) or "no tasks"


def _plan_stops(plan: Record, stage: str | None) -> list[str]:
    """What its plan was asked for, which a running task takes part in at its next boundary."""
    if plan["status"] == PlanState.ROLLING_BACK:
        return [f"its plan rolls back{_by(plan, 'rollback')}: it turns back when stage {stage} ends"]
    if plan.get("cancelRequested") == "1":
        return [f"its plan is being cancelled{_by(plan, 'cancel')}: it stops when stage {stage} ends"]
    if plan.get("pauseRequested") == "1":
        return [f"its plan is pausing{_by(plan, 'pause')}, until stage {stage} ends"]
    return []


def _hint(task: TaskStatus) -> str:
    """What to do about a failure, where something can be done."""
    kind = task.failure_info.type if task.failure_info else ""
    if kind in ("NoSnapshot", "IrreversibleStage"):
        return ""
    again = "retry" if task.status == TaskState.FAILED else "rollback"
    return f"; once that is mended, `changeover {again} --task {task.task_id}`"


def _by(record: Record, operation: str = "") -> str:
    """Who asked last, if it was for this ``operation``."""
    if not record.get("lastOperation"):
        return ""
    last = json.loads(record["lastOperation"])
    if operation and last["operation"] != operation:
        return ""
    reason = f" ({last['reason']})" if last["reason"] else ""
    return f" by {last['actor']}{reason}"
