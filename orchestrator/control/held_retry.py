"""What keeps from starting what a retry was taken for, said in the retry's own answer: whoever asks is told, and at
once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.control.fleet_status import (
    breach_sentence,
    breaches,
    goes_on_before,
    holding,
    outlasts_a_retry,
    unanswered_wave,
)
from orchestrator.control.target import OperationTarget
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.typed import typed

if TYPE_CHECKING:
    from orchestrator.control.answers import Explanation, PlanSummary


def none_starts(
    retried: OperationTarget,
    summary: Callable[[str], PlanSummary],
    explain: Callable[[OperationTarget], Explanation],
) -> str:
    """Why what was retried, or was before and is behind such a wave, does not start: a breaker is still tripped, or
    nobody has answered for what one took back; "" where that keeps nobody. ``retried`` is no tenant."""
    plan = summary(retried.identifier if retried.type == "plan" else plan_of(retried.identifier))
    is_plan, wave = retried.type == "plan", unanswered_wave(plan)
    # What holds a task is told by what explains it.
    held_by = [breach_sentence(*one) for one in (holding(plan) if is_plan else breaches(plan))]
    outlasts = outlasts_a_retry(plan)
    is_answered = plan.status in PLAN_ENDED or (plan.retrying and not outlasts)
    if is_answered or (wave is None and not held_by):
        return ""
    # Few retries are held: the others need not load what explains.
    from orchestrator.control.explain import Situation

    some_start = wave is not None and is_plan and goes_on_before(plan, wave) and not held_by
    head = "" if some_start else "none starts yet: "
    told = (
        one
        for one in explain(retried).remarks
        if one.situation == Situation.WAVE_TAKEN_BACK
        or (one.situation == Situation.BREAKER_TRIPPED and any(said in one.sentence for said in held_by))
    )
    # A retry is no answer to what none moves, though it is what moves the others again.
    no_answers = (typed("retry"),) if outlasts else ()
    for one in told:
        answers = [command for command in one.commands if not command.startswith(no_answers)]
        return f"{head}{one.sentence}; to answer: {', or '.join(answers)}"
    return ""
