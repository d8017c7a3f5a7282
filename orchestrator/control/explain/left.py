"""What the rollback of a whole plan left as it was, by cause, and the one command that takes it back all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from orchestrator.control.answers import Remark
from orchestrator.control.explain.gone_back import CAUSES_TOLD
from orchestrator.control.explain.groups import more, samples
from orchestrator.control.explain.offers import of_plan
from orchestrator.control.explain.scene import PlanScene
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.left_behind import stayed_words
from orchestrator.domain.status import TaskState
from orchestrator.domain.task_id import task_id_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.operations import Operation

_MOVED: Final = (TaskState.COMPLETED, TaskState.FAILED, TaskState.ROLLBACK_FAILED)


def some_go_back(plan: PlanScene) -> bool:
    """Whether its next rollback would take somebody back: not if its last one has left all as they were who moved."""
    moved = sum(plan.summary.counts.get(state, 0) for state in _MOVED)
    return moved > sum(group.count for group in plan.of_kind("stayed") if group.words[0] != "withdrawn")


def left_as_they_were(plan: PlanScene) -> Iterator[Remark]:
    """Of a plan that goes back, or has."""
    groups = plan.of_kind("stayed")
    for group in groups[:CAUSES_TOLD]:
        why = group.words[0]
        sentence, look = stayed_words(group), typed("explain", "--task", task_id_of(plan.plan_id, group.positions[0]))
        if why == "moved":
            sentence += f", so going back would undo that; --force does it all the same; {samples(plan, group)}"
            forced = plan.scene.offers.every(of_plan(Operation.ROLLBACK, plan.plan_id, force=True))
            yield remark(Situation.ROLLBACK_GIVEN_UP, sentence, *(forced or [look]))
        elif why == "nowhere":
            sentence += f"; a new plan that moves them to what they are to be is the way on; {samples(plan, group)}"
            yield remark(Situation.NO_SNAPSHOT, sentence, look)
        elif why == "withdrawn":
            again = plan.scene.offers.every(of_plan(Operation.ROLLBACK, plan.plan_id))
            yield remark(Situation.ROLLBACK_GIVEN_UP, f"{sentence}; {samples(plan, group)}", *(again or [look]))
        else:
            yield remark(Situation.ROLLBACK_GIVEN_UP, f"{sentence}; {samples(plan, group)}", look)
    yield from more(plan, groups, Situation.ROLLBACK_GIVEN_UP, "causes why tasks have not gone back", "--failed")
