"""What has gone back of a plan, and the plan that has as a whole: of what, by whom, and what moves it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.control.answers import Remark
from orchestrator.control.explain.offers import of_plan
from orchestrator.control.explain.scene import PlanScene, bracketed
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.fleet_status import outlasts_a_retry
from orchestrator.control.status import StatusReader
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.typed import typed
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.records import Record
from orchestrator.ledger.survey import TaskGroup

CAUSES_TOLD: Final = 10
"""Groups of one kind that are told one by one."""


def went_back(plan: PlanScene, ended: str) -> Sequence[str]:
    """The sentence that a plan has ended, with who rolled it back and why, and the command that moves it again."""
    record, status, offers = plan.record, plan.summary.status, plan.scene.offers
    by = record.get("rollbackBy")
    from_scratch = of_plan(Operation.RETRY, plan.plan_id, from_scratch=True)
    if status not in (PlanState.ROLLED_BACK, PlanState.ROLLBACK_FAILED) or not by:
        return _by_policy(plan, ended)
    sentence = f"{ended}; it was rolled back by {by}{bracketed(record.get('rollbackReason', ''))}"
    if status == PlanState.ROLLBACK_FAILED:
        return _by_policy(plan, sentence)
    commands = list(offers.first(of_plan(Operation.RETRY, plan.plan_id), from_scratch).commands)
    if not commands and offers.is_open:
        sentence += "; to move its tenants again, submit its file under another plan_id"
    return [sentence, *commands]


def _by_policy(plan: PlanScene, sentence: str) -> Sequence[str]:
    """How many of it a policy took back, of a plan that has not gone back whole, and what moves those again; before
    that, what lets them start, where what could not go back keeps a breaker tripped."""
    back = min(_number(plan.record, "n:sentBack"), plan.summary.counts.get(TaskState.ROLLED_BACK, 0))
    if not back:
        return [sentence]
    offers, sentence = plan.scene.offers, f"{sentence}; its policy took {back} back"
    again = offers.every(of_plan(Operation.RETRY, plan.plan_id, from_scratch=True))
    if not again:
        return [sentence]
    failed = [group for group in plan.of_kind("failed") if group.words[0] == TaskState.FAILED]
    kept = sum(group.count for group in plan.of_kind("failed") if group.words[0] == TaskState.ROLLBACK_FAILED)
    sentence += f": --from-scratch moves them again{', with what failed' if failed else ''}"
    if not kept or not outlasts_a_retry(plan.summary):
        return [sentence, *again]
    accepts = typed("resume", "--plan", plan.plan_id) + " --accept-failures"
    sentence += (
        f", which does not start before its breaker is answered: {kept} could not go back, and no retry moves that;"
        f" roll back or accept it first, or bear it after the retry (`{accepts}`)"
    )
    return [sentence, *offers.every(of_plan(Operation.ROLLBACK, plan.plan_id)), *again]


def _number(record: Record, name: str) -> int:
    text = record.get(name, "")
    return int(text) if text.isdecimal() else 0


def gone_back(status: StatusReader, plan_id: str, groups: Sequence[TaskGroup]) -> Iterator[Remark]:
    """Tasks that are back since they had failed, by what of."""
    for group in groups[:CAUSES_TOLD]:
        _, kind, stage = group.words
        tasks = status.tasks_at(plan_id, group.positions)
        messages = [task.went_back_for.message for task in tasks if task.went_back_for]
        message = f": {messages[0]}" if messages else ""
        named = ", ".join(f"{task.tenant_id} ({task.task_id})" for task in tasks)
        where = f" in stage {stage}" if stage else ""
        sentence = f"{group.count} went back since they had failed{where}: {kind}{message}; such as {named}"
        yield remark(Situation.TASK_ROLLED_BACK, sentence)
    if rest := groups[CAUSES_TOLD:]:
        sentence = f"and {len(rest)} more causes, of {sum(group.count for group in rest)} tasks that went back"
        yield remark(Situation.TASK_ROLLED_BACK, sentence, typed("status", plan_id))
