"""The part of the fold that is about waves, gates and breakers."""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.domain.folded import FoldedPlan, FoldedTask
from orchestrator.domain.folded_fleet import FoldedPart, FoldedWave
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.task_id import position_of
from orchestrator.domain.waves import WAVE_DONE, WaveState

STATE_AFTER = {
    "PlanWaveStarted": WaveState.OPEN,
    "PlanWaveSoaking": WaveState.SOAKING,
    "PlanGateWaiting": WaveState.GATED,
    "PlanGateRejected": WaveState.REJECTED,
    "PlanWaveCompleted": WaveState.PASSED,
}
_STOPPABLE = (PlanState.RUNNING, PlanState.PAUSED)


def create_fleet(plan: FoldedPlan, event: e.PlanCreated) -> None:
    """Takes what the plan says of its tenants together."""
    plan.bear(event.failure_tolerance)
    plan.auto_rollback = event.auto_rollback == "task"
    plan.on_breach = event.on_breach or plan.on_breach
    for told in event.waves:
        wave = FoldedWave(
            name=told.name,
            total=told.tenants,
            max_concurrency=told.max_concurrency,
            soak_seconds=told.soak_seconds,
            gate=told.gate,
        )
        wave.bear(told.failure_tolerance)
        plan.waves.append(wave)


def join_wave(plan: FoldedPlan, task: FoldedTask, event: e.TaskCreated) -> None:
    """The task belongs to its wave from its creation on."""
    if event.wave is not None and event.wave < len(plan.waves):
        task.wave = plan.waves[event.wave]
        task.wave_index = event.wave
        task.wave.counts[task.state] += 1


def move_wave(plan: FoldedPlan, event: e.EventBase, kind: str) -> None:
    """A wave goes on, its gate is answered, or a breaker trips."""
    wave = wave_named(plan, getattr(event, "wave", None))
    if isinstance(event, e.PlanBreakerTripped):
        (wave or plan).to_trip = 0
        # What has followed stands, though a way back that fails trips it once more.
        plan.tripped = plan.tripped if plan.tripped and event.action == "pause" else event.action
        if event.action == "rollback_wave":
            # Whoever of it is on the way back already is asked no more.
            (plan.failed_wave or plan).is_sent_back = True
        if (undone := plan.undone_wave) is not None:
            stop_waiting(undone)
        return
    if wave is None:
        return
    if isinstance(event, e.PlanWaveSoaking):
        wave.until = event.until
    if kind == "PlanGateApproved":
        wave.is_approved = True
    if kind in STATE_AFTER:
        wave.is_soaked = wave.is_soaked or (wave.state is WaveState.SOAKING and kind != "PlanWaveSoaking")
        wave.state = STATE_AFTER[kind]
    if wave.state is WaveState.PASSED:
        wave.is_sent_back, plan.passed_at = False, event.sequence_id


def wave_named(plan: FoldedPlan, name: str | None) -> FoldedWave | None:
    """The plan's wave of this name."""
    return next((wave for wave in plan.waves if wave.name == name), None)


def stop_waiting(wave: FoldedWave) -> None:
    """What it waited for is waited for again when all its tasks have ended the next time."""
    if wave.state in WAVE_DONE:
        wave.state, wave.is_soaked, wave.until = WaveState.OPEN, False, None


def reopen_wave(plan: FoldedPlan, task: FoldedTask, was: TaskState) -> None:
    """A task of it runs again, or is to go back. ``was`` is its state before that."""
    if task.wave is None:
        return
    undone = plan.undone_wave
    if task.wave is undone:
        stop_waiting(task.wave)
    elif was is TaskState.CANCELLED and task.wave.state is WaveState.PASSED and not task.wave.has_moved:
        # It was passed by, and is not done with once one of it is to move after all.
        task.wave.state, task.wave.is_approved = WaveState.OPEN, False
        if undone is not None and plan.undone_wave is task.wave:
            stop_waiting(undone)


def note_retry(plan: FoldedPlan, event: e.OperationRequested) -> None:
    """It may be one of many, by as many scripts as that takes."""
    if event.options.get("ofPlan") and event.request_id and event.request_id != plan.retry_request:
        plan.retry_request, plan.retried_since = event.request_id, event.sequence_id


def is_retry_over(plan: FoldedPlan, event: e.EventBase) -> bool:
    """Whether the retry of all of a plan is over, as this event shows: its tasks are looked at in plan order, by as
    many scripts as that takes, and until the last has been neither does a move of a plan with waves start, nor is a
    gate approved. No event says it, and whom it refuses has none: what shows nothing is taken for under way."""
    if isinstance(event, e.OperationRequested):
        if event.target_type == "plan":
            # What it leaves stops the plan again, though no breaker has tripped.
            stops = event.operation == "pause" and event.actor == "policy" and not plan.tripped
            return stops or event.operation in ("cancel", "rollback")
        is_its_own = event.operation == "retry" and event.options.get("ofPlan") and not event.request_id
        return bool(is_its_own) and position_of(event.target_id) == plan.total - 1
    if isinstance(event, e.TaskStarted | e.TaskRetryStarted):
        return bool(plan.waves)
    return isinstance(event, e.PlanGateApproved) or plan.state in PLAN_ENDED


def answer_breach(plan: FoldedPlan, event: e.OperationRequested) -> None:
    """The resume of a plan answers its breaker; it may say that what has failed is borne. Else who is back is moved
    again by a retry that is under way, and answered for when that is done."""
    plan.tripped = ""
    accepts = bool(event.options.get("acceptFailures"))
    for part in breakers_of(plan):
        part.is_sent_back = part.waits_for_answer and not accepts
    if accepts:
        for part in breakers_of(plan):
            part.accept()


def forget_trip(plan: FoldedPlan) -> None:
    """With the plan's end nobody answers its breaker any more; where it has taken nobody back, there is nothing to."""
    plan.tripped = ""
    for part in breakers_of(plan):
        part.is_sent_back = part.is_sent_back and part.sent_back > 0


def note_way_back(plan: FoldedPlan, task: FoldedTask, event: e.OperationRequested) -> None:
    """A task of it goes back; with its wave, if that is what its breaker asks for."""
    if event.actor == "policy":
        plan.note_sent_back(task, True)
    if event.actor == "policy" and plan.state is PlanState.ROLLING_BACK and plan.back_waits:
        _mark_with_plan(plan, task)
    if event.actor == "policy" and event.options.get("ofPlan") and plan.state is not PlanState.ROLLING_BACK:
        (task.wave or plan).is_sent_back = True


def note_back(plan: FoldedPlan, task: FoldedTask) -> None:
    """A task of a plan that goes back by its policy does so: since it is asked to, or at its boundary. One
    that had been asked to while it ran, and has failed, counts on."""
    if plan.state is not PlanState.ROLLING_BACK or not plan.back_waits:
        return
    if task.state is TaskState.ROLLING_BACK:
        _mark_with_plan(plan, task)
    elif task.state is TaskState.FAILED and task.rollback_asked and task.is_sent_back:
        task.by_policy = True


def _mark_with_plan(plan: FoldedPlan, task: FoldedTask) -> None:
    plan.note_sent_back(task, True)
    if task.wave is not None:
        task.wave.is_sent_back = True


def note_failure(plan: FoldedPlan, task: FoldedTask, event: e.TaskEvent) -> None:
    """A task of it has failed: its breakers are to trip, if too many have, and if there is something to stop."""
    if task.state not in (TaskState.FAILED, TaskState.ROLLBACK_FAILED):
        return
    if plan.state not in _STOPPABLE or plan.cancel_asked:
        return
    plan.failed_wave = task.wave
    # No policy about moves takes a whole plan back because one tenant could not be.
    plan.breach_action = "pause" if task.state is TaskState.ROLLBACK_FAILED else plan.on_breach
    for part in (task.wave, plan):
        if part is not None:
            part.note_failure(event.sequence_id)


def note_skipped(plan: FoldedPlan, task: FoldedTask, event: e.StageEvent) -> None:
    """A failed stage is left out."""
    if isinstance(event, e.TaskStageSkipped):
        if not task.skipped:
            plan.count(task, "skipped", 1)
        task.skipped.append(event.stage_name)


def forget_skipped(plan: FoldedPlan, task: FoldedTask) -> None:
    """Its stages are run again, or are back."""
    if task.skipped:
        plan.count(task, "skipped", -1)
        task.skipped = []


def breakers_of(plan: FoldedPlan) -> list[FoldedPart]:
    """The plan and its waves."""
    return [plan, *plan.waves]
