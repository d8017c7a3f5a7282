"""Who waits though every coordinator has looked is never told that a coordinator will admit it; and of a plan of which
nothing moves something is named that a person can do, or a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from orchestrator.control.explain import Explainer
from orchestrator.control.explain import Situation as S
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, TaskState
from orchestrator.domain.task_id import plan_of
from tests.support.ledger_world import LedgerWorld

SAYS_NO_WAIT: Final = {
    S.NEXT,
    S.PLAN_MOVES,
    S.WAVE_OPEN,
    S.NO_COORDINATOR,
    S.FAILURES,
    S.CANCELLATIONS,
    S.TASK_ROLLED_BACK,
}
"""Of a plan: what names no wait, or nothing that ends one."""


def check_waits_are_told(world: LedgerWorld, waiting: Sequence[str], tasks: Mapping[str, Mapping[str, str]]) -> None:
    """``waiting``: who waits and could not be admitted now; ``tasks``: all of them."""
    explainer = Explainer(world.ledger, world.reader, world.settings)
    for task_id in waiting:
        remarks = explainer.task(task_id).remarks
        wrong = [one.sentence for one in remarks if one.situation == S.NEXT]
        assert not wrong, f"{task_id} cannot be admitted, and is told: {wrong}"
    for plan_id in {plan_of(task_id) for task_id in waiting}:
        of_it = [task for task_id, task in tasks.items() if plan_of(task_id) == plan_id]
        if world.status(plan_id) in PLAN_ENDED or any(TaskState(task["status"]) in TASK_ACTIVE for task in of_it):
            continue
        remarks = explainer.plan(plan_id).remarks
        told = [one for one in remarks if one.situation not in SAYS_NO_WAIT and one.commands]
        assert told, f"nothing of {plan_id} moves, and nothing is told to do: {[one.sentence for one in remarks]}"
