"""What failed of a plan, by cause, however many tasks it has, and what answers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from orchestrator.control.answers import Remark
from orchestrator.control.explain.gone_back import CAUSES_TOLD
from orchestrator.control.explain.groups import more, samples
from orchestrator.control.explain.offers import of_plan, of_task
from orchestrator.control.explain.scene import PlanScene, why_back
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.task_id import task_id_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.survey import TaskGroup

LONGEST_MESSAGE: Final = 300


def failures(plan: PlanScene) -> Iterator[Remark]:
    """What failed and counts, by cause, each with the one line that answers it."""
    groups = plan.of_kind("failed")
    for group in groups[:CAUSES_TOLD]:
        status, kind, stage = group.words
        first, where = samples(plan, group), f" in stage {stage}" if stage else ""
        how = (
            f"{group.count} failed{where}" if status == TaskState.FAILED else f"{group.count} could not go back{where}"
        )
        sentence = f"{how}: {kind}: {_message(plan, group)}; {first}{_went_back_for(plan, group)}"
        commands = _retry(plan, group) if status == TaskState.FAILED else _rollback(plan, group)
        look = [] if commands else [typed("explain", "--task", task_id_of(plan.plan_id, group.positions[0]))]
        yield remark(Situation.FAILURES, sentence, *commands, *look)
    yield from more(plan, groups, Situation.FAILURES, "causes of failure", "--failed")


def accepted_failures(plan: PlanScene) -> Iterator[Remark]:
    """What failed and counts no more: nothing has to be done."""
    groups = plan.of_kind("accepted")
    for group in groups[:CAUSES_TOLD]:
        status, kind, stage = group.words
        where = f" in stage {stage}" if stage else ""
        how = "failed" if status == TaskState.FAILED else "could not go back"
        sentence = f"{group.count} {how}{where}, which is accepted and does not count: {kind}: {_message(plan, group)}"
        yield remark(Situation.FAILURE_ACCEPTED, f"{sentence}; {samples(plan, group)}")
    yield from more(plan, groups, Situation.FAILURE_ACCEPTED, "causes of accepted failures", "--failed")


def _retry(plan: PlanScene, group: TaskGroup) -> list[str]:
    """One line for all of the cause, if it would do something for one of those that were looked at; while a
    retry of the plan is under way no other one is taken."""
    if plan.summary.retrying:
        return []
    _, kind, stage = group.words
    narrowed = (["--stage", stage] if stage else []) + ["--cause", kind]
    tasks = [task_id_of(plan.plan_id, position) for position in group.positions]
    for scratch in (False, True):
        wanted = [of_task(Operation.RETRY, task_id, from_scratch=scratch) for task_id in tasks]
        if plan.scene.offers.first(*wanted).commands:
            return [typed("retry", "--plan", plan.plan_id, *narrowed, *(["--from-scratch"] if scratch else []))]
    return []


def _rollback(plan: PlanScene, group: TaskGroup) -> list[str]:
    """Of a plan that went back as a whole the one for all of them; else each of the first goes on where it stopped, and
    who else; through an irreversible stage by force only."""
    force = group.words[1] == "IrreversibleStage"
    # By force the whole plan would also undo what other plans have moved since.
    is_whole = plan.summary.status == PlanState.ROLLBACK_FAILED and _could_not_go_back(plan) > 1
    if is_whole and not (force and any(one.words[0] == "moved" for one in plan.of_kind("stayed"))):
        return plan.scene.offers.every(of_plan(Operation.ROLLBACK, plan.plan_id, force=force))
    tasks = [task_id_of(plan.plan_id, position) for position in group.positions]
    found = plan.scene.offers.every(*(of_task(Operation.ROLLBACK, task_id, force=force) for task_id in tasks))
    return [*found, typed("status", plan.plan_id, "--failed")] if found and group.count > len(tasks) else found


def _could_not_go_back(plan: PlanScene) -> int:
    return plan.summary.counts.get(TaskState.ROLLBACK_FAILED, 0)


def _message(plan: PlanScene, group: TaskGroup) -> str:
    (task,) = plan.status.tasks_at(plan.plan_id, group.positions[:1])
    message = task.failure_info.message if task.failure_info else ""
    return message if len(message) <= LONGEST_MESSAGE else message[:LONGEST_MESSAGE] + "…"


def _went_back_for(plan: PlanScene, group: TaskGroup) -> str:
    (task,) = plan.status.tasks_at(plan.plan_id, group.positions[:1])
    return f"; {task.tenant_id} {why_back(task)}" if why_back(task) else ""
