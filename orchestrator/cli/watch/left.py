"""What is said to who leaves a plan that is watched: what it does without him, how to come back, and what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from orchestrator.control.explain.situations import Situation
from orchestrator.domain.status import DAMAGED, PLAN_ENDED
from orchestrator.domain.typed import typed

if TYPE_CHECKING:
    from orchestrator.control.answers import Explanation, Remark

_AS_A_WHOLE: Final = frozenset(
    {
        Situation.LEDGER_REFUSES,
        Situation.NO_COORDINATOR,
        Situation.BROKER_AWAY,
        Situation.NO_WORKER,
        Situation.OTHER_BROKER,
        Situation.DRAFT,
        Situation.DRAFT_ABANDONED,
        Situation.PLAN_PAUSED,
        Situation.PLAN_PAUSING,
        Situation.PLAN_CANCELLING,
        Situation.PLAN_ROLLING_BACK,
        Situation.BREAKER_TRIPPED,
        Situation.WAVE_TAKEN_BACK,
        Situation.GATE_WAITS,
        Situation.GATE_REJECTED,
    }
)
"""What stops a plan that has not ended, or lets no pause be asked of it; in any other it goes on, and takes a pause."""

_WAITS: Final = frozenset(
    {
        Situation.FROZEN,
        Situation.GROUP_FULL,
        Situation.TENANT_HELD,
        Situation.TENANT_HELD_BY_PAUSED,
        Situation.TENANT_HELD_BY_WAITING,
        Situation.TENANT_HELD_BY_NOBODY,
    }
)
"""What its tasks wait for that is not the plan's own; while none of them moves it does not go on either."""


def left_words(plan: Explanation, *, by_role: bool = False) -> list[str]:
    """In the words of ``explain``, with the commands that it offers, which would be taken. ``by_role``: a console
    decides what may be asked for."""
    plan_id = plan.target_id
    back = come_back(plan_id)
    if plan.status in PLAN_ENDED:
        return [f"the plan is {plan.status}; {back}"]
    told = [one for one in plan.remarks if plan.status == DAMAGED or one.situation in _AS_A_WHOLE]
    if told:
        return [*_said(plan_id, told), back]
    stops = f"to stop it{', which takes the role operator' if by_role else ''}: {typed('pause', plan_id)}"
    waits = [one for one in plan.remarks if one.situation in _WAITS]
    if waits and not any(one.situation == Situation.STAGE_RUNS for one in plan.remarks):
        return [*_said(plan_id, waits), back, stops]
    return [f"the plan goes on; {back}", stops]


def _said(plan_id: str, told: Sequence[Remark]) -> Iterator[str]:
    for one in told:
        yield f"plan {plan_id}: {one.sentence}"
        yield from (f"    {command}" for command in one.commands)


def come_back(plan_id: str) -> str:
    """Whatever the plan does."""
    return f"to come back: {typed('watch', plan_id)}"
