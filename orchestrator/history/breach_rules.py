"""The rules of what a breaker does and of how a soak begins, from the log alone: I13, I14."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.fold import PLAN_STATE_AFTER
from orchestrator.domain.fold_fleet import breakers_of, wave_named
from orchestrator.domain.folded import FoldedPlan
from orchestrator.domain.status import PLAN_ENDED, TaskState
from orchestrator.history.report import Report
from orchestrator.history.world import World

OPERATION: Final = {"pause": "pause", "cancel": "cancel", "rollback_wave": "pause", "rollback_plan": "rollback"}
"""What a breaker asks of its plan, by the action that it names."""


def declared(world: World, event: e.Event, report: Report) -> None:
    """I14: a breaker that trips does what its plan declares; by a way back that fails the plan only pauses."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or not isinstance(event, e.PlanBreakerTripped):
        return
    if event.action != plan.breach_action:
        message = f"the action of a breaker of {plan.plan_id} is {event.action}, and should be {plan.breach_action}"
        report.add("I14", message, plan.created, event)


def on_breach(world: World, event: e.Event, report: Report) -> None:
    """I14: what the plan declares follows in the write of the trip, asked for by its policy: nothing stands between,
    unless the plan pauses already or is over."""
    trip = world.trips.get(event.plan_id)
    plan = world.plans.get(event.plan_id)
    if trip is None or plan is None or not plan.created or isinstance(event, e.PlanBreakerTripped):
        return
    wanted = OPERATION.get(trip.action, trip.action)
    if isinstance(event, e.OperationRequested) and event.target_type == "plan" and event.actor == "policy":
        if event.operation != wanted:
            report.add("I14", f"{event.operation} follows a breaker whose action is {trip.action}", trip, event)
        return
    if not _is_done(plan, event, wanted):
        report.add("I14", f"{event.type} follows a breaker of {plan.plan_id}, and not its {wanted}", trip, event)


def _is_done(plan: FoldedPlan, event: e.Event, wanted: str) -> bool:
    if wanted == "pause" and plan.pause_asked:
        return True
    # With this failure it is over; one that goes back by policy is asked for behind it.
    return PLAN_STATE_AFTER.get(event.type) in PLAN_ENDED


def way_back_answered(world: World, event: e.Event, report: Report) -> None:
    """I14: a plan whose breaker has taken a wave back goes on only as somebody says that it does without, or has asked
    for all of it to be moved again. Where the log does not tell that such a retry is over, a resume is judged as if it
    were under way (see ``is_retry_over``)."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or not isinstance(event, e.OperationRequested):
        return
    if event.target_type != "plan" or event.operation != "resume" or event.options.get("acceptFailures"):
        return
    if plan.begins_anew:
        return
    for part in breakers_of(plan):
        if part.waits_for_answer:
            name = getattr(part, "name", "")
            report.add("I14", f"{plan.plan_id} is resumed though its breaker took {name} back", event)


def soak_begin(world: World, event: e.Event, report: Report) -> None:
    """I13: a wave soaks that is said to, when all of it has ended and somebody has completed, for as long as told."""
    plan = world.plans.get(event.plan_id)
    if plan is None or not plan.created or not isinstance(event, e.PlanWaveSoaking):
        return
    wave = wave_named(plan, event.wave)
    if wave is None:
        return
    if wave.soak_seconds is None:
        report.add("I13", f"{wave.name} soaks, which is not said to", event)
        return
    if not wave.has_ended or not wave.counts[TaskState.COMPLETED]:
        report.add("I13", f"{wave.name} soaks before all of it has ended, or with nobody there", event)
    length = timedelta(seconds=wave.soak_seconds)
    if abs(event.until - event.occurred_at - length) > timedelta(milliseconds=2):
        report.add("I13", f"{wave.name} soaks until {event.until:%H:%M:%S}, and not for {wave.soak_seconds} s", event)
