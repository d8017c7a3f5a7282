"""The rules that the log alone can break, in the order in which they are asked at every event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from orchestrator.domain import events as e
from orchestrator.domain.errors import quoted_value
from orchestrator.fleet.calendar import parse_recurrence
from orchestrator.history.admission_rules import boundary, cap, exclusion, mid_stage, order, plan_pause
from orchestrator.history.asked_rules import (
    admission_kind,
    followed_up,
    plan_asked,
    policy_asked,
    retry_end,
    stop_asked,
)
from orchestrator.history.breach_rules import declared, on_breach, soak_begin, way_back_answered
from orchestrator.history.fleet_rules import (
    breaker,
    gate_asked,
    policy,
    retry_of_many,
    soak,
    trip,
    unheard_end,
    wave_end,
    waves,
)
from orchestrator.history.freeze_rules import frozen
from orchestrator.history.group_rules import groups
from orchestrator.history.move_rules import plan_move, task_asked, task_move, wave_move
from orchestrator.history.owed_rules import check_nothing_owed, owed, pause_owed
from orchestrator.history.pace_rules import expiry, rate, start_time
from orchestrator.history.plan_rules import numbers, plan_end, repeat, sequence, submission
from orchestrator.history.report import Report
from orchestrator.history.stage_rules import completion, epochs, failed_stage, fence, stages, whole_way_back
from orchestrator.history.told_rules import numbers_told, tenant
from orchestrator.history.way_back_rules import way_back_at_once
from orchestrator.history.world import World

Rule = Callable[[World, e.Event, Report], None]

LOG_RULES: Final[tuple[Rule, ...]] = (
    exclusion,
    cap,
    order,
    frozen,
    groups,
    rate,
    start_time,
    expiry,
    stages,
    whole_way_back,
    owed,
    failed_stage,
    completion,
    boundary,
    mid_stage,
    plan_pause,
    pause_owed,
    waves,
    wave_end,
    unheard_end,
    gate_asked,
    soak_begin,
    way_back_answered,
    retry_of_many,
    soak,
    breaker,
    trip,
    declared,
    on_breach,
    policy,
    policy_asked,
    way_back_at_once,
    sequence,
    epochs,
    fence,
    submission,
    repeat,
    plan_end,
    task_move,
    task_asked,
    plan_move,
    wave_move,
    admission_kind,
    stop_asked,
    plan_asked,
    followed_up,
    retry_end,
    tenant,
    numbers_told,
)


def replay(world: World, history: Iterable[e.Event], report: Report) -> None:
    """Brings the world to the end of the log, every rule asked at every event."""
    for event in history:
        if fault := _fault_of(event):
            report.add("I6", f"event {event.sequence_id} ({quoted_value(event.type)}) cannot be read: {fault}", event)
            world.pass_by(event)
            continue
        for rule in LOG_RULES if event.plan_id else (numbers, repeat):
            rule(world, event, report)
        world.apply(event)
    check_nothing_owed(world, report)


def _fault_of(event: e.Event) -> str:
    """Why a hand must have written this entry; "" of all others, and of what a newer release may have written."""
    if isinstance(event, e.OtherEvent):
        return event.fault
    if isinstance(event, e.FreezeSet) and event.every is not None:
        try:
            parse_recurrence(event.every)
        except ValueError as error:
            return f"every: {quoted_value(str(error))}"
    return ""
