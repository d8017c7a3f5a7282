"""A task that holds a slot: what its stage does, and what may keep it from going on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.control.answers import Remark
from orchestrator.control.explain.paused_plan import paused_behind
from orchestrator.control.explain.processes import handed_back, last_sign, no_coordinator, no_worker_takes_it
from orchestrator.control.explain.scene import TaskScene, by_whom, seconds_words
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.hand_backs import hand_back_of
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.typed import typed
from orchestrator.ledger.reader import LeaseKind


def moving(task: TaskScene) -> Iterator[Remark]:
    """Where it is, then what was asked of it."""
    kind: LeaseKind = "running" if task.record.get("lease") == "running" else "queued"
    yield from _runs(task) if kind == "running" else _waits(task)
    yield from _asked(task)


def _stage(task: TaskScene) -> str:
    status = task.status
    word = "rollback of stage" if status.status == TaskState.ROLLING_BACK else "stage"
    return f"{word} {status.current_stage} ({status.completed_stages + 1} of {status.total_stages})"


def _cursor(task: TaskScene) -> dict[str, Any]:
    found: dict[str, Any] = read_stored(task.record.get("cursor") or "{}")
    return found


def _last_answer(task: TaskScene) -> str:
    note = _cursor(task).get("note")
    return f"; last answer: {note}" if note else ""


def _overdue(task: TaskScene, kind: LeaseKind) -> float:
    """Seconds since its lease ran out; below 0 while it has not."""
    now = task.scene.now_ms
    return (now - (task.scene.reader.lease_ends_ms(kind, task.task_id) or now)) / 1000


def _runs(task: TaskScene) -> Iterator[Remark]:
    worker = (task.record.get("worker") or "").partition("/")[0]
    since = task.record.get("stageStartedAt")
    lasts = f" for {seconds_words((task.scene.now_ms - float(since)) / 1000)}" if since else ""
    cursor = _cursor(task)
    step = f", step {cursor['step'] + 1}" if "step" in cursor else ""
    attempt = f", attempt {cursor['attempt'] + 1}" if cursor.get("attempt") else ""
    sentence = f"{_stage(task)} runs on worker {worker}{lasts}{step}{attempt}{_last_answer(task)}"
    overdue, is_gone = _overdue(task, "running"), task.scene.is_gone(worker)
    if overdue <= 0 and not is_gone:
        yield remark(Situation.STAGE_RUNS, sentence, typed("status", "--task", task.task_id))
    else:
        silent = last_sign(task.scene, worker, "its stage") if is_gone else ""
        late = f"; its lease is overdue by {seconds_words(overdue)}" if overdue > 0 else ""
        taken = "a coordinator takes it over" + ("" if late else " once its lease has run out")
        sentence = f"{_stage(task)} ran on worker {worker}{silent}{late}; {taken}, and it goes on elsewhere"
        yield remark(Situation.WORKER_LOST, sentence, typed("doctor"))
        yield from no_worker_takes_it(task.scene, task.status.tenant_id)
    yield from no_coordinator(task.scene)


def _waits(task: TaskScene) -> Iterator[Remark]:
    due_ms, now = int(task.record.get("dueAt", 0)), task.scene.now_ms
    if (found := hand_back_of(task.record)) is not None:
        comes = due_ms > now and not task.scene.is_still
        tries = f"; the next try comes in {seconds_words((due_ms - now) / 1000)}" if comes else ""
        sentence = f"{_stage(task)} was handed back {found.times} times: worker {found.worker} {found.words}{tries}"
        has_begun = task.record.get("stageStarted") == "1"
        yield handed_back(task.scene, found, task.status.tenant_id, sentence, has_begun=has_begun)
        yield from no_coordinator(task.scene)
        return
    cursor = _cursor(task)
    if cursor and due_ms > now:
        attempt = f" after attempt {cursor['attempt']}" if cursor.get("attempt") else ""
        due = "when somebody is alive" if task.scene.is_still else f"in {seconds_words((due_ms - now) / 1000)}"
        sentence = f"{_stage(task)} is between polls{attempt}, next {due}"
        yield remark(
            Situation.BETWEEN_POLLS, f"{sentence}{_last_answer(task)}", typed("status", "--task", task.task_id)
        )
        yield from no_worker_takes_it(task.scene, task.status.tenant_id, is_due=False)
        yield from no_coordinator(task.scene)
        return
    since = max(float(task.record.get("queuedAt", now)), due_ms)
    awaited = "the ledger to take writes" if task.scene.refusal else "a worker"
    lasts = "" if task.scene.is_still else f", {seconds_words((now - since) / 1000)} so far"
    sentence = f"{_stage(task)} waits for {awaited}{lasts}{_last_answer(task)}"
    why = no_worker_takes_it(task.scene, task.status.tenant_id)
    look = [] if why else [typed("status", "--task", task.task_id)]
    yield remark(Situation.WAITS_FOR_WORKER, sentence, *look)
    yield from why
    yield from no_coordinator(task.scene)
    overdue = _overdue(task, "queued")
    if overdue > 0 and not why and task.scene.coordinators:
        sentence = f"its lease is overdue by {seconds_words(overdue)}: a coordinator hands it out again if it was lost"
        yield remark(Situation.WAITS_FOR_WORKER, sentence)


def _asked(task: TaskScene) -> Iterator[Remark]:
    """What it was asked for, which comes at its next boundary."""
    status, then = task.status, _then(task)
    if status.cancel_requested:
        yield remark(
            Situation.TASK_CANCELLING, f"it is being cancelled{by_whom(task.record, 'cancel')}: {then('it stops')}"
        )
    elif status.rollback_requested:
        by = by_whom(task.record, "rollback")
        yield remark(Situation.TASK_TURNING_BACK, f"it turns back{by} when stage {status.current_stage} ends")
    elif status.pause_requested:
        yield remark(Situation.TASK_PAUSING, f"it is pausing{by_whom(task.record, 'pause')}: {then('it pauses')}")
    elif status.status == TaskState.RUNNING:
        yield from _plan_asked(task)


def _plan_asked(task: TaskScene) -> Iterator[Remark]:
    plan, then = task.plan, _then(task)
    if plan["status"] == PlanState.ROLLING_BACK:
        by = by_whom(plan, "rollback")
        sentence = f"its plan rolls back{by}: it turns back when stage {task.status.current_stage} ends"
        yield remark(Situation.PLAN_ROLLING_BACK, sentence)
    elif plan.get("cancelRequested") == "1":
        sentence = f"its plan is being cancelled{by_whom(plan, 'cancel')}: {then('it stops')}"
        yield remark(Situation.PLAN_CANCELLING, sentence)
    elif plan.get("pauseRequested") == "1":
        yield remark(Situation.PLAN_PAUSING, f"its plan is pausing{paused_behind(plan)}: {then('it pauses')}")


def _then(task: TaskScene) -> Callable[[str], str]:
    """When a pause or cancel acts: at a boundary, of which there is none after the last stage, nor after a failure."""
    stage, is_last = task.status.current_stage, task.status.completed_stages + 1 >= task.status.total_stages
    if is_last:
        return lambda _: f"stage {stage} is its last, so it ends with that instead"
    return lambda does: f"{does} when stage {stage} has ended well; should it fail, the task has failed"
