"""A plan that is paused or pausing: every reason, by whom, and every answer; the same of the plan, of its tasks, and of
who waits for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.control.answers import PlanSummary, Remark, WaveStatus
from orchestrator.control.asked import paused_by, paused_words
from orchestrator.control.explain.offers import of_plan
from orchestrator.control.explain.scene import Scene
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.fleet_status import (
    breach_sentence,
    breaches,
    current_wave,
    outlasts_a_retry,
    stops_again,
    wave_sentence,
)
from orchestrator.control.status import plan_summary
from orchestrator.domain.status import PlanState
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.records import Record


def paused_plan(scene: Scene, plan_id: str, record: Record, who: str) -> Iterator[Remark]:
    """What its breakers, its gate and who paused it wait for; ``who``: the plan, as the sentence's subject."""
    plan = plan_summary(plan_id, record, scene.told_now_ms)
    told = list(tripped(scene, plan))
    yield from told
    wave = _rejected(plan)
    by_gate = plan.paused_by is not None and plan.paused_by.kind == "gate"
    if wave is not None and plan.status == PlanState.PAUSED:
        yield _gate_rejected(scene, plan, wave, who if by_gate else "")
        if by_gate:
            return
    offer = scene.offers.first(of_plan(Operation.RESUME, plan_id))
    commands = [] if stops_again(plan) else list(offer.commands)
    sentence = f"{who} is paused{paused_words(plan.paused_by)}"
    if not commands and not told:
        sentence += f"; a resume is refused now: {offer.words}" if offer.words else ""
        goes_on = of_plan(Operation.RESUME, plan_id, accept_failures=True)
        again = of_plan(Operation.RETRY, plan_id, from_scratch=True)
        moves = [again] if offer.why == "wave-taken-back" else []
        others = (of_plan(one, plan_id) for one in (Operation.ROLLBACK, Operation.CANCEL))
        commands = scene.offers.every(*moves, goes_on, *others)
    yield remark(Situation.PLAN_PAUSED, sentence, *commands)


def lets_it_go_on(scene: Scene, plan_id: str, record: Record) -> list[str]:
    """What lets a paused plan, and so a task of it that holds a tenant, go on."""
    plan, offers = plan_summary(plan_id, record, scene.told_now_ms), scene.offers
    wave = _rejected(plan)
    gate = [] if wave is None else offers.gate(plan_id, wave.name)
    again = (of_plan(Operation.RETRY, plan_id), of_plan(Operation.RETRY, plan_id, from_scratch=True))
    retry = offers.first(*again).commands if any(breaches(plan)) else []
    plain = [] if stops_again(plan) else [of_plan(Operation.RESUME, plan_id)]
    resume = offers.first(*plain, of_plan(Operation.RESUME, plan_id, accept_failures=True))
    return [*gate, *resume.commands, *retry] if outlasts_a_retry(plan) else [*gate, *retry, *resume.commands]


def tripped(
    scene: Scene, plan: PlanSummary, found: Iterable[tuple[str, int, int]] | None = None, *, goes_back: bool = True
) -> Iterator[Remark]:
    """Each of these breaches, or of all, and every answer to it; ``goes_back``: whether a rollback would take anybody
    back. What a retry that is under way may mend is to be answered for when that is done."""
    is_mended = plan.retrying and not outlasts_a_retry(plan)
    for wave, failed, tolerance in breaches(plan) if found is None else found:
        sentence = breach_sentence(wave, failed, tolerance)
        if is_mended:
            yield remark(Situation.BREAKER_TRIPPED, f"{sentence}; a retry of the plan is under way, and may mend that")
            continue
        goes_on = of_plan(Operation.RESUME, plan.plan_id, accept_failures=True)
        # What failed is retried where it stopped; what is back by policy can only begin anew.
        retry = (of_plan(Operation.RETRY, plan.plan_id), of_plan(Operation.RETRY, plan.plan_id, from_scratch=True))
        again = [*scene.offers.first(*retry).commands]
        others = [goes_on, of_plan(Operation.ROLLBACK, plan.plan_id)]
        answers = scene.offers.every(*(others if goes_back else others[:1]))
        answers = [*answers, *again] if outlasts_a_retry(plan) else [*again, *answers]
        yield remark(Situation.BREAKER_TRIPPED, sentence, *answers)


def tripped_at_the_end(scene: Scene, plan: PlanSummary, *, goes_back: bool) -> Iterator[Remark]:
    """The same of a plan that has ended: there is nothing to resume."""
    for found in tripped(scene, plan, goes_back=goes_back):
        yield found.model_copy(update={"sentence": f"its {found.sentence}; it has ended, so nothing is left to resume"})


def paused_behind(record: Record) -> str:
    """To stand behind "paused", of a plan's or task's record."""
    return paused_words(paused_by(record))


def _rejected(plan: PlanSummary) -> WaveStatus | None:
    wave = current_wave(plan)
    return wave if wave is not None and wave.state == WaveState.REJECTED else None


def _gate_rejected(scene: Scene, plan: PlanSummary, wave: WaveStatus, who: str) -> Remark:
    """``who``: the plan, if it is the gate that has paused it: then it goes on with the approval."""
    after = "an approval lets it go on" if who else "approved, it still waits for a resume"
    said = f"{who} is paused{paused_words(plan.paused_by)}" if who else wave_sentence(wave, plan.plan_id)
    others = (Operation.RESUME, Operation.ROLLBACK, Operation.CANCEL) if who else (Operation.ROLLBACK, Operation.CANCEL)
    commands = scene.offers.gate(plan.plan_id, wave.name)
    commands += scene.offers.every(*(of_plan(one, plan.plan_id) for one in others))
    return remark(Situation.GATE_REJECTED, f"{said}; {after}, a resume asks the gate again", *commands)
