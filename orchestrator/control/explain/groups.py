"""Groups of a plan's tasks: who is named of one, and that there are more than are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.control.answers import Remark
from orchestrator.control.explain.gone_back import CAUSES_TOLD
from orchestrator.control.explain.scene import PlanScene
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.domain.typed import typed
from orchestrator.ledger.survey import TaskGroup


def samples(plan: PlanScene, group: TaskGroup) -> str:
    """``such as acme (p.0), birch (p.1)``."""
    tasks = plan.status.tasks_at(plan.plan_id, group.positions)
    named = ", ".join(f"{task.tenant_id} ({task.task_id})" for task in tasks)
    return f"such as {named}"


def more(
    plan: PlanScene, groups: Sequence[TaskGroup], situation: Situation, what: str, option: str
) -> Iterator[Remark]:
    """That there are more groups than are told; ``option``: of the `status` that lists their tasks."""
    if rest := groups[CAUSES_TOLD:]:
        sentence = f"and {len(rest)} more {what}, of {sum(group.count for group in rest)} tasks"
        yield remark(situation, sentence, typed("status", plan.plan_id, option))
