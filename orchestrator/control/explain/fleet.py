"""What a plan's waves, gates and breakers keep waiting, and what to type."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.control.answers import PlanSummary, Remark, WaveStatus
from orchestrator.control.explain.offers import of_plan
from orchestrator.control.explain.paused_plan import tripped
from orchestrator.control.explain.scene import Scene, TaskScene
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.fleet_status import (
    current_wave,
    holding,
    outlasts_a_retry,
    unanswered_wave,
    waits_sentence,
    wave_sentence,
)
from orchestrator.control.start_words import start_words
from orchestrator.control.status import plan_summary
from orchestrator.control.strict_places import strict_places
from orchestrator.domain.status import PlanState
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.typed import typed
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.move_room import fields_of, open_wave, room_of, stop_within
from orchestrator.ledger.operations import Operation
from orchestrator.ledger.records import Record

_SITUATIONS = {
    WaveState.SOAKING.value: Situation.WAVE_SOAKS,
    WaveState.GATED.value: Situation.GATE_WAITS,
    WaveState.REJECTED.value: Situation.GATE_REJECTED,
}


def not_yet(scene: Scene, plan_id: str, record: Record) -> Iterator[Remark]:
    """A plan that waits for its time, or starts only so many a minute."""
    if words := start_words(record, scene.told_now_ms):
        commands = scene.offers.every(of_plan(Operation.CANCEL, plan_id))
        yield remark(Situation.PLAN_NOT_YET, f"the plan {words}", *commands)


def narrows(
    scene: Scene, plan_id: str, record: Record, wave: int | None, who: str = "", *look: str
) -> Iterator[Remark]:
    """What a strict breaker leaves of the slots, and what widens it; ``who``: what the sentence begins with."""
    if (found := strict_places(record, wave)) is None:
        return
    retry = (of_plan(Operation.RETRY, plan_id), of_plan(Operation.RETRY, plan_id, from_scratch=True))
    answers = list(scene.offers.first(*retry).commands) if found.retryable > 0 else []
    if found.acceptable > 0 and scene.offers.is_open:
        answers.append(typed("accept", "--plan", plan_id, "--reason", "say why"))
    sentence = f"{who}{found.words}" if answers else f"{who}{found.words}, {found.until}"
    yield remark(Situation.BREAKER_NARROWS, sentence, *answers, *look)


def fleet_remarks(scene: Scene, plan: PlanSummary) -> Iterator[Remark]:
    """Of a whole plan that has not ended; what keeps it paused is told before (see ``paused_plan``)."""
    is_stopped = plan.status == PlanState.PAUSED
    if not (is_stopped or plan.pausing):
        yield from tripped(scene, plan)
    wave = current_wave(plan)
    if wave is None or (is_stopped and wave.state == WaveState.REJECTED):
        return
    situation = _SITUATIONS.get(wave.state, Situation.WAVE_OPEN)
    commands = [*scene.offers.gate(plan.plan_id, wave.name)] if wave.gate else []
    if unanswered_wave(plan) is not None:
        sentence = f"{wave_sentence(wave, plan.plan_id)}; what is behind it waits for an answer"
        yield remark(Situation.WAVE_TAKEN_BACK, sentence, *_answers(scene, plan))
        return
    if situation is Situation.WAVE_OPEN:
        commands = [typed("status", plan.plan_id, "--wave", wave.name)]
    yield remark(situation, wave_sentence(wave, plan.plan_id), *commands)
    yield from _nobody_looks(scene, wave)


def _answers(scene: Scene, plan: PlanSummary) -> list[str]:
    """To what a breaker took back: it is moved again, or the plan goes on without it."""
    again = of_plan(Operation.RETRY, plan.plan_id, from_scratch=True)
    goes_on = of_plan(Operation.RESUME, plan.plan_id, accept_failures=True)
    return scene.offers.every(goes_on, again)


def _nobody_looks(scene: Scene, wave: WaveStatus) -> Iterator[Remark]:
    """The looks of a soak, and the questions to an HTTP gate, are workers' to do."""
    waits = {WaveState.SOAKING: "soak", WaveState.GATED: "gate" if wave.gate == "http" else ""}.get(
        WaveState(wave.state), ""
    )
    if waits and not scene.workers and not scene.refusal:
        sentence = f"no worker is alive: without a worker the {waits} of wave {wave.name} waits"
        yield remark(Situation.NO_WORKER, sentence, typed("worker"))


def waits_for_wave(task: TaskScene) -> Iterator[Remark]:
    """Why a move is not admitted whose tenant and slot would be there; nothing when waves and breakers let it."""
    plan = plan_summary(task.plan_id, task.plan, task.scene.told_now_ms)
    waits_for_retry = "wave" in task.record and plan.retrying and "startedAt" not in task.record
    own, first = counted_number(task.record.get("wave")), open_wave(task.plan)
    held_by = list(holding(plan, None if own is None else task.plan.get(f"{fields_of(own)}name")))
    if held_by and not (waits_for_retry and not outlasts_a_retry(plan)):
        yield from tripped(task.scene, plan, held_by)
        return
    if waits_for_retry:
        sentence = "a retry of its plan is under way: none of its tasks starts before that is done"
        yield remark(Situation.PLAN_RETRYING, sentence, typed("explain", "--plan", task.plan_id))
        return
    if own is not None and first is not None and own > first and "startedAt" not in task.record:
        yield from _behind(task, plan, plan.waves[first])
    elif stop_within(task.plan, own, 0) is not None:
        yield from _no_room(task, plan, own)


def _behind(task: TaskScene, plan: PlanSummary, wave: WaveStatus) -> Iterator[Remark]:
    """It waits for an earlier wave."""
    waits, offers = waits_sentence(wave, plan.plan_id), task.scene.offers
    if unanswered_wave(plan) is not None:
        yield remark(Situation.WAVE_TAKEN_BACK, waits, *_answers(task.scene, plan))
        return
    commands = offers.gate(plan.plan_id, wave.name) if wave.gate else []
    look = [] if commands else [typed("explain", "--plan", task.plan_id)]
    yield remark(_SITUATIONS.get(wave.state, Situation.WAVE_OPEN), waits, *commands, *look)
    yield from _nobody_looks(task.scene, wave)


def _no_room(task: TaskScene, plan: PlanSummary, own: int | None) -> Iterator[Remark]:
    """It waits for those of its wave, or plan, that run."""
    look = typed("status", task.plan_id, "--running")
    wave = None if own is None else plan.waves[own]
    if (
        wave is not None
        and wave.max_concurrency is not None
        and room_of(task.plan, fields_of(own)).active >= wave.max_concurrency
    ):
        sentence = f"it waits for a place in its wave {wave.name}: all {wave.max_concurrency} are taken"
    else:
        waits = "it waits for those that run"
        if found := list(narrows(task.scene, task.plan_id, task.plan, own, f"{waits}: ", look)):
            yield from found
            return
        sentence = f"{waits}: its breaker is strict, and bears no more failures than they may come to"
    yield remark(Situation.SLOTS_TAKEN, sentence, look)
