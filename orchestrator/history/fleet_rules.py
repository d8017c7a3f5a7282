"""The rules of waves and breakers, from the log alone: I13, I14. Each looks at one event and the world before it.

A plan whose beginning the log does not tell is not judged: its waves are not known.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import PLAN_STATE_AFTER
from orchestrator.domain.fold_fleet import breakers_of, wave_named
from orchestrator.domain.folded import FoldedPlan, FoldedTask
from orchestrator.domain.folded_fleet import FoldedPart, FoldedWave
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.waves import WaveState
from orchestrator.history.admission_rules import MOVE_ADMISSIONS
from orchestrator.history.report import Report
from orchestrator.history.world import World

_OF_THE_SAME_WRITE: Final = frozenset({"TaskRetryCompleted", "PlanProgress", "PlanBreakerTripped"})
"""What stands between a failure and the breaker that it trips."""

_FAILURES: Final = (TaskState.FAILED, TaskState.ROLLBACK_FAILED)
_ANSWERED: Final = (WaveState.GATED, WaveState.REJECTED)


def waves(world: World, event: e.Event, report: Report) -> None:
    """I13: no move of a wave before the waves before it are done with, ended, and within what they bear."""
    plan, task = _admitted(world, event)
    # One that goes on after a pause had been admitted when its turn was.
    if plan is None or task is None or task.wave is None or event.type == "TaskResumed":
        return
    own = task.wave
    if own.state is WaveState.PENDING:
        report.add("I13", f"{task.task_id} is admitted before its wave {own.name} has begun", event)
    for before in plan.waves[: task.wave_index]:
        if before.state is not WaveState.PASSED:
            why = f"is {before.state}"
        elif not before.has_ended:
            why = "has a task that has not ended"
        elif before.is_breached:
            why = f"has {before.failed} failed, and bears {before.limit}"
        else:
            continue
        message = f"{task.task_id} of wave {own.name} is admitted while wave {before.name} {why}"
        report.add("I13", message, event)


def wave_end(world: World, event: e.Event, report: Report) -> None:
    """I13: a wave is done with when all of it has ended, not too much failed, it soaked, and its gate is approved."""
    plan = world.plans.get(event.plan_id)
    wave = wave_named(plan, getattr(event, "wave", None)) if plan is not None and plan.created else None
    if plan is None or wave is None:
        return
    if event.type == "PlanGateApproved" and wave.state not in _ANSWERED:
        report.add("I13", f"the gate of {wave.name} is approved while it is {wave.state}", event)
    if isinstance(event, e.PlanWaveStarted) and plan.undone_wave is not wave:
        report.add("I13", f"wave {wave.name} begins out of its turn", event)
    if isinstance(event, e.PlanWaveCompleted):
        for why in _why_not_done(plan, wave, event):
            report.add("I13", f"wave {wave.name} is done with, though {why}", event)


def _why_not_done(plan: FoldedPlan, wave: FoldedWave, event: e.PlanWaveCompleted) -> list[str]:
    found = []
    if plan.undone_wave is not wave:
        found.append("an earlier wave is not")
    if not wave.has_ended:
        found.append("a task of it has not ended")
    if wave.is_breached or plan.is_breached:
        found.append("more have failed than are borne")
    if wave.waits_for_answer:
        found.append("its breaker took it back, and nobody has said that it goes on without")
    if event.failed != wave.failed:
        found.append(f"{wave.failed} failed, and it says {event.failed}")
    if not wave.has_moved:
        return found
    if wave.gate and not wave.is_approved:
        found.append("nobody has approved its gate")
    soaks = wave.soak_seconds is not None and wave.counts[TaskState.COMPLETED] > 0
    if soaks and wave.gate is None and wave.state is not WaveState.SOAKING:
        found.append("it has not soaked")
    if wave.until is not None and event.occurred_at < wave.until:
        found.append(f"it soaks until {wave.until:%H:%M:%S}")
    return found


def unheard_end(world: World, event: e.Event, report: Report) -> None:
    """I13: no plan ends by itself while its wave has still to soak, or to ask its gate."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or PLAN_STATE_AFTER.get(event.type) not in PLAN_ENDED:
        return
    wave = plan.undone_wave
    # One that was given up, or went back as a whole, waits for nothing; with too many failed, or sent back, it is over.
    if wave is None or plan.cancel_asked or plan.state is PlanState.ROLLING_BACK or plan.is_breached:
        return
    at = plan.waves.index(wave) + 1
    before, behind = plan.waves[:at], plan.waves[at:]
    # There is nobody whom it would let on, or has.
    if plan.was_given_up and behind and all(one.is_given_up for one in behind):
        return
    if not wave.has_moved or any(not one.has_ended or one.is_breached or one.waits_for_answer for one in before):
        return
    has_to_soak = wave.soak_seconds is not None and wave.counts[TaskState.COMPLETED] > 0
    if wave.gate or has_to_soak:
        what = "its gate is not approved" if wave.gate else "it has not soaked"
        report.add("I13", f"{event.type} of {plan.plan_id}, whose wave {wave.name} is {wave.state}: {what}", event)
    elif event.type == "PlanCompleted":
        report.add("I13", f"{plan.plan_id} is completed, and its wave {wave.name} is not done with", event)


def gate_asked(world: World, event: e.Event, report: Report) -> None:
    """I13: a gate is asked once the wave has ended and soaked."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or not isinstance(event, e.PlanGateWaiting):
        return
    wave = wave_named(plan, event.wave)
    if wave is None:
        return
    if not wave.gate:
        report.add("I13", f"the gate of {wave.name} is asked, which has none", event)
    if not wave.has_ended:
        report.add("I13", f"the gate of {wave.name} is asked while a task of it has not ended", event)
    has_to_soak = wave.soak_seconds is not None and wave.counts[TaskState.COMPLETED] > 0
    soaks = has_to_soak and wave.state is not WaveState.REJECTED
    if soaks and (wave.state is not WaveState.SOAKING or (wave.until is not None and event.occurred_at < wave.until)):
        report.add("I13", f"the gate of {wave.name} is asked before it has soaked", event)


def soak(world: World, event: e.Event, report: Report) -> None:
    """I13, I14: a look fails a completed task of the wave that soaks, while nothing of the plan runs."""
    if not isinstance(event, e.TaskSoakFailed):
        return
    task = world.tasks.get(event.task_id)
    if task is None or not task.known:
        return
    if task.state is not TaskState.COMPLETED:
        report.add("I13", f"{task.task_id} fails its soak while {task.state}", task.last, event)
    if task.wave is not None and task.wave.state is not WaveState.SOAKING:
        report.add("I13", f"{task.task_id} fails the soak of {task.wave.name}, which is {task.wave.state}", event)
    plan = world.plans.get(event.plan_id)
    if plan is not None and plan.created and plan.counts[TaskState.RUNNING]:
        message = f"{task.task_id} fails its soak while {plan.counts[TaskState.RUNNING]} run, which may fail as well"
        report.add("I14", message, task.last, event)


def retry_of_many(world: World, event: e.Event, report: Report) -> None:
    """I13: no wave goes on between two scripts of one retry: who of it is moved again is not known yet."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not isinstance(event, e.OperationRequested) or event.operation != "retry":
        return
    if event.request_id and event.request_id == plan.retry_request and plan.passed_at > plan.retried_since:
        report.add("I13", f"a wave of {plan.plan_id} is done with in the middle of a retry", plan.passed_at, event)


def breaker(world: World, event: e.Event, report: Report) -> None:
    """I14: no move is admitted once more have failed than are borne; of a strict plan or wave so few that no more than
    one beyond can fail; and its wave's cap is kept."""
    plan, task = _admitted(world, event)
    if plan is None or task is None:
        return
    if plan.tripped:
        report.add("I14", f"{task.task_id} is admitted after the breaker tripped, and nobody has answered", event)
    for name, part in (("its plan", plan), (f"wave {task.wave.name if task.wave else ''}", task.wave)):
        if part is None:
            continue
        if part.is_breached:
            report.add(
                "I14", f"{task.task_id} is admitted while {name} has {part.failed} failed of {part.limit}", event
            )
        elif part.is_strict and part.limit is not None and part.failed + part.active_count > part.limit:
            message = f"{task.task_id} is admitted while {name} has {part.failed} failed, {part.active_count} active"
            report.add("I14", f"{message}, and bears {part.limit}, strictly", event)
    most = task.wave.max_concurrency if task.wave else None
    if most is not None and task.wave is not None and task.wave.active_count >= most:
        report.add("I2", f"{task.task_id} is admitted while all {most} places of its wave are taken", event)


def trip(world: World, event: e.Event, report: Report) -> None:
    """I14: a breaker trips in the write of the failure that is one too many, and says the right numbers."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created:
        return
    if isinstance(event, e.PlanBreakerTripped):
        part: FoldedPart = wave_named(plan, event.wave) or plan
        if (event.failed, event.tolerance) != (part.failed, part.limit):
            message = f"it trips at {event.failed} of {event.tolerance}, and it is {part.failed} of {part.limit}"
            report.add("I14", message, event)
    if event.type in _OF_THE_SAME_WRITE:
        return
    for part in breakers_of(plan):
        if part.to_trip:
            report.add(
                "I14", f"{part.failed} of {part.limit} have failed, and no breaker has tripped", part.to_trip, event
            )
            part.to_trip = 0


def policy(world: World, event: e.Event, report: Report) -> None:
    """I14: what goes back by itself has just failed, in a plan that declares it; what is accepted has failed."""
    plan = world.plans.get(event.plan_id)
    task = world.tasks.get(getattr(event, "task_id", None) or "")
    if plan is None or task is None or not plan.created or not task.known:
        return
    by_policy = isinstance(event, e.OperationRequested) and event.options.get("autoRollback")
    if by_policy and (not plan.auto_rollback or task.state is not TaskState.FAILED or task.rollback_asked):
        report.add("I14", f"{task.task_id} goes back by policy while it is {task.state}", task.last, event)
    if isinstance(event, e.TaskFailureAccepted) and (task.state not in _FAILURES or task.is_accepted):
        report.add("I14", f"a failure of {task.task_id} is accepted while it is {task.state}", task.last, event)
    if isinstance(event, e.TaskStageSkipped) and event.stage_name in task.recorded:
        report.add("I4", f"{task.task_id} skips stage {event.stage_name}, which is recorded", event)


def _admitted(world: World, event: e.Event) -> tuple[FoldedPlan | None, FoldedTask | None]:
    """The plan and the task of a move's admission, of a plan whose beginning is known."""
    if not isinstance(event, e.TaskEvent) or event.type not in MOVE_ADMISSIONS:
        return None, None
    plan, task = world.plans.get(event.plan_id), world.tasks.get(event.task_id)
    return (plan, task) if plan is not None and plan.created else (None, None)
