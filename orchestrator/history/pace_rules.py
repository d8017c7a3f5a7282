"""The rules of when moves start, from the log alone: so many a minute (I2), and neither before nor after their time
(I15)."""

from __future__ import annotations

from orchestrator.domain import events as e
from orchestrator.history.admission_rules import MOVE_ADMISSIONS
from orchestrator.history.freeze_view import ms_of
from orchestrator.history.report import Report
from orchestrator.history.world import World

LATE = "it could not start before its not_after"
"""Why a plan is given up whose time is over; ``includes/expiry.lua`` says it, too."""


def rate(world: World, event: e.Event, report: Report) -> None:
    """I2: no more moves start in a minute than the plan says, so many of them at once as a second allows: by the
    ledger's clock, which each start tells. One of an older release tells none, and is not judged."""
    pace = world.pace.plans.get(event.plan_id)
    if pace is None or pace.every_ms is None or not isinstance(event, e.StartEvent):
        return
    if event.ledger_clock_millis is not None and (by_ms := pace.free_at - event.ledger_clock_millis) > 0:
        most = f"{60_000 / pace.every_ms:.0f} a minute"
        report.add("I2", f"a move of {event.plan_id} starts {by_ms / 1000:.3f} s too soon for {most}", event)


def start_time(world: World, event: e.Event, report: Report) -> None:
    """I15: nothing of a plan starts before its time, and its first move in time or never."""
    pace = world.pace.plans.get(event.plan_id)
    if pace is None:
        return
    at = ms_of(event.occurred_at)
    starts = event.type in MOVE_ADMISSIONS
    if (starts or isinstance(event, e.PlanStarted)) and pace.not_before is not None and at < pace.not_before:
        report.add("I15", f"{event.type} of {event.plan_id} before its not_before", event)
    if starts and not pace.has_started and pace.not_after is not None and at >= pace.not_after:
        report.add("I15", f"the first move of {event.plan_id} starts after its not_after", event)


def expiry(world: World, event: e.Event, report: Report) -> None:
    """I15: a plan is given up for its time only when that is over, and none of its moves has started."""
    if not isinstance(event, e.OperationRequested) or (event.actor, event.reason) != ("system", LATE):
        return
    pace, plan = world.pace.plans.get(event.plan_id), world.plans.get(event.plan_id)
    if plan is None or not plan.created:
        return
    if pace is None or pace.not_after is None or ms_of(event.occurred_at) < pace.not_after:
        report.add("I15", f"{event.plan_id} is given up before its not_after", event)
    elif pace.has_started:
        report.add("I15", f"{event.plan_id} is given up as too late, and has started", event)
