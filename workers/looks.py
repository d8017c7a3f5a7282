"""Looks at tenants while their wave soaks, and asks HTTP gates. Nothing is held meanwhile, and nothing is written but
what was seen.
"""

from __future__ import annotations

from typing import Final, Literal

import structlog

from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.awaited import Awaited, GateQuestion
from orchestrator.ledger.operations import Operations, Order
from orchestrator.ledger.outcomes import Looked
from orchestrator.ledger.records import TurnRecord
from orchestrator.secrets.masking import mask, masked_url
from orchestrator.stages.built_step import BuiltStep
from orchestrator.stages.health_asker import HealthAsker, LookedAt
from orchestrator.stages.rollback_strategy import RollbackStrategy, configs_for
from steps import HttpRequest
from steps.contract import HttpAnswer
from steps.raised import is_for_process
from steps.told import words_of
from steps.wording import cut
from workers.patience import patiently
from workers.plan_cache import CachedPlan, PlanCache
from workers.turn_run import StepResources

ASKED_BY: Final = "gate"
"""Who approves or rejects when an HTTP gate does."""

ANSWER_SECONDS: Final = 10.0
"""Below ``UNANSWERED_MS`` of ``includes/gate_ask.lua``, after which the question is put again."""
YES, NOT_YET = 200, 202
Verdict = Literal["yes", "no", "not yet"]
_log = structlog.get_logger(__name__)


class Looker:
    """Serves all threads of a worker process."""

    def __init__(
        self,
        awaited: Awaited,
        operations: Operations,
        plans: PlanCache,
        resources: StepResources,
        strategy: RollbackStrategy,
    ) -> None:
        self._awaited = awaited
        self._operations = operations
        self._plans = plans
        self._resources = resources
        self._strategy = strategy
        self._asker = HealthAsker(resources.secrets, resources.instances, resources.limits)

    def look(self, task_id: str, number: int) -> str:
        """Runs the task's health checks once, as they ran, and records what they saw; answers that in a word."""
        record = patiently(lambda: self._awaited.look(task_id, number))
        if record is None:
            return Looked.STALE
        plan = patiently(lambda: self._plans.get(plan_of(task_id), record.incarnation, record.digest))
        if plan is None:
            return Looked.STALE
        gone = self._what_is_missing(plan, record)
        answer = patiently(lambda: self._awaited.record_look(task_id, number, gone))
        known = {"planId": plan_of(task_id), "taskId": task_id, "tenantId": record.tenant_id}
        if gone is not None:
            _log.warning("tenant was not there", action="look-missed", **known, look=number, reason=gone.message)
        return answer

    def ask(self, question: GateQuestion) -> str:
        """Asks the gate and tells the ledger what ``judged`` makes of its answer. What comes when the question is not
        asked any more (a person was quicker, the wave has moved) is nobody's."""
        gate = patiently(lambda: self._awaited.gate(question))
        if gate is None:
            return Looked.STALE
        name, url = gate
        (answer,) = self._resources.http.of(question.plan_id).fetch_all([HttpRequest("gate", url)], ANSWER_SECONDS)
        verdict, words = judged(answer)
        said = mask(f"{masked_url(url)}: {words}")
        if verdict != "not yet":
            return self._answer(question, name, said, approves=verdict == "yes")
        not_yet = mask(f"{words}, not yet" if answer.status is not None else words)
        if patiently(lambda: self._awaited.not_yet(question, not_yet)) is Looked.OVERDUE:
            return self._answer(question, name, f"no yes in time: {said}", approves=False)
        return Looked.AGAIN

    def _answer(self, question: GateQuestion, wave: str, reason: str, *, approves: bool) -> str:
        order = Order(ASKED_BY, reason)
        plan_id, number = question.plan_id, question.number
        answer = patiently(
            lambda: self._operations.answer_gate(plan_id, wave, order, approves=approves, question=number)
        )
        if answer.why == "gate-overdue":
            return self._answer(question, wave, f"no yes in time: {reason}", approves=False)
        if answer.why == "retrying-first":
            # A yes that comes too early is asked for again, as after "not yet".
            patiently(lambda: self._awaited.not_yet(question, f"{reason}, while a retry is under way"))
        return str(answer.answer)

    def _what_is_missing(self, plan: CachedPlan, record: TurnRecord) -> FailureInfo | None:
        tenant = LookedAt(record.tenant_id, *configs_for(record, self._strategy))
        for stage in plan.stages:
            try:
                checks = self._asker.checks(stage, plan.reference, tenant)
            except InvalidInput as error:
                return _gone(stage.name, None, mask(str(error)))
            for step in checks:
                if (why := self._why_not_there(step, tenant)) is not None:
                    return _gone(stage.name, step.name, why)
        return None

    def _why_not_there(self, step: BuiltStep, tenant: LookedAt) -> str | None:
        try:
            return self._asker.why_not_there(step, tenant, self._resources.http.of(tenant.tenant_id))
        except BaseException as error:
            if is_for_process(error):
                raise
            _log.exception("step raised", action="step-raised", step=step.name)
            return mask(words_of(error))


def judged(answer: HttpAnswer) -> tuple[Verdict, str]:
    """What a gate's answer means, and what it was in words. 200 is a yes, 202 is not yet, any other status a no,
    whatever comes behind it; no answer is not yet, and so is a yes whose body cannot be used (too long, broken off, in
    a form that nobody asked for), as with a health poll: something else may have answered."""
    if answer.refused:
        return "no", cut(answer.error or "")
    if answer.status is None:
        return "not yet", cut(answer.error or "")
    words = f"it answered {answer.status}"
    if answer.status not in (YES, NOT_YET):
        return "no", words
    if answer.error is not None:
        return "not yet", f"{words} and sent an unusable answer ({cut(answer.error)})"
    return "yes" if answer.status == YES else "not yet", words


def _gone(stage: str, step: str | None, why: str) -> FailureInfo:
    return FailureInfo(type="SoakFailed", message=f"no longer there: {why}", stage_name=stage, step_name=step)
