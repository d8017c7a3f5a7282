"""What is said to who leaves a plan that is watched: what it does without him, how to come back, and what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestrator.control.explain.situations import Situation
from orchestrator.domain.status import DAMAGED, PLAN_ENDED
from orchestrator.domain.typed import typed

if TYPE_CHECKING:
    from orchestrator.control.answers import Explanation

_AS_A_WHOLE: Final = frozenset(
    {
        Situation.LEDGER_REFUSES,
        Situation.NO_COORDINATOR,
        Situation.BROKER_AWAY,
        Situation.NO_WORKER,
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


def left_words(plan: Explanation) -> list[str]:
    """In the words of ``explain``, with the commands that it offers, which would be taken."""
    plan_id = plan.target_id
    back = come_back(plan_id)
    if plan.status in PLAN_ENDED:
        return [f"the plan is {plan.status}; {back}"]
    told = [one for one in plan.remarks if plan.status == DAMAGED or one.situation in _AS_A_WHOLE]
    if not told:
        return [f"the plan goes on; {back}", f"to stop it: {typed('pause', plan_id)}"]
    lines = [
        f"plan {plan_id}: {one.sentence}" + "".join(f"\n    {command}" for command in one.commands) for one in told
    ]
    return [*"\n".join(lines).split("\n"), back]


def come_back(plan_id: str) -> str:
    """Whatever the plan does."""
    return f"to come back: {typed('watch', plan_id)}"
