"""What a plan's record says of its waves, its breaker and what it waits for, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from orchestrator.control.answers import BreakerStatus, PlanStatus, PlanSummary, WaveStatus
from orchestrator.control.gate_questions import BORNE_LATE_MS, gate_question_words, gate_questions
from orchestrator.control.start_words import start_words
from orchestrator.control.strict_places import strict_places
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, TASK_ENDED, PlanState, TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.domain.typed import typed
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.log_entries import moment
from orchestrator.ledger.move_room import could_not_go_back, fields_of, open_wave, room_of, sent_back, waves_in
from orchestrator.ledger.records import Record

_AT_ONCE_MS: Final = 1000
"""By which the time that is shown may be behind the ledger's at the end of a soak, though no clock was put back."""


def fleet_fields(plan_id: str, record: Record, told_now_ms: Callable[[], int]) -> dict[str, Any]:
    """The fields of a summary that are about its tenants together; none of a plan that says nothing of them.
    ``told_now_ms``: the time that people are shown, which is asked where something waits for a time."""
    waves = [_wave(record, index, told_now_ms) for index in range(waves_in(record))]
    found: dict[str, Any] = {"waves": waves} if waves else {}
    if (wave := open_wave(record)) is not None:
        found["current_wave"] = waves[wave].name
    words = [start_words(record, told_now_ms)]
    if (slow := strict_places(record, wave)) is not None:
        look = typed("explain", "--plan", plan_id)
        words.append(f"{slow.words}, {slow.until}; {look}")
    if any(words):
        found["waits_because"] = "; ".join(filter(None, words))
    if "onBreach" in record:
        room = room_of(record, "")
        found["breaker"] = BreakerStatus(
            failed=room.failed,
            could_not_go_back=could_not_go_back(record, ""),
            tolerance=room.limit,
            mode="strict" if room.strict else "soft",
            on_breach=record["onBreach"],
            tripped=record.get("tripped"),
        )
    return found


def current_wave(plan: PlanSummary | PlanStatus) -> WaveStatus | None:
    """The wave that admission goes by: the first that is not done with, which later ones wait for."""
    return next((wave for wave in plan.waves if wave.name == plan.current_wave), None)


def unanswered_wave(plan: PlanSummary | PlanStatus) -> WaveStatus | None:
    """The current wave where what its breaker took back keeps those of later ones waiting, though nothing is paused.
    While a retry of the plan is under way they wait for that: whom it leaves is to be answered for when it is done."""
    is_told = plan.status in (*PLAN_ENDED, PlanState.PAUSED) or plan.pausing or plan.cancelling or plan.retrying
    wave = None if is_told else current_wave(plan)
    if wave is None or not wave.sent_back:
        return None
    behind = plan.waves[plan.waves.index(wave) + 1 :]
    return wave if any(one.counts.get(TaskState.PENDING) for one in behind) else None


def goes_on_before(plan: PlanSummary | PlanStatus, wave: WaveStatus) -> bool:
    """Whether somebody of this wave or an earlier one moves, or waits to: no answer to the wave keeps those."""
    ahead = plan.waves[: plan.waves.index(wave) + 1]
    return any(one.counts.get(state) for one in ahead for state in (TaskState.PENDING, TaskState.RUNNING))


def breaches(plan: PlanSummary | PlanStatus) -> Iterator[tuple[str, int, int]]:
    """What has more failures than it bears: name of the wave ("" is the plan), failed, tolerance."""
    for wave in plan.waves:
        if wave.tolerance is not None and wave.failed > wave.tolerance:
            yield wave.name, wave.failed, wave.tolerance
    breaker = plan.breaker
    if breaker is not None and breaker.tolerance is not None and breaker.failed > breaker.tolerance:
        yield "", breaker.failed, breaker.tolerance


def holding(plan: PlanSummary | PlanStatus, own: str | None = None) -> Iterator[tuple[str, int, int]]:
    """Those of its breaches that keep who waits from starting: the plan's and those of the wave that admission goes by
    keep all, another wave's its own tenants: a task of it (``own``), or all where nobody else waits. A plan that is
    stopped goes on when each is answered."""
    broken, wait = list(breaches(plan)), {wave.name for wave in plan.waves if wave.counts.get(TaskState.PENDING)}
    goes_on = plan.status in (PlanState.READY, PlanState.RUNNING) and not (plan.pausing or plan.cancelling)
    alone = wait if own is None and wait <= {name for name, _, _ in broken} else ()
    for breach in broken:
        if not goes_on or breach[0] in ("", plan.current_wave, own, *alone):
            yield breach


def outlasts_a_retry(plan: PlanSummary | PlanStatus) -> bool:
    """Whether a breaker stays tripped though all that failed is retried: what could not go back no retry moves."""
    kept = {wave.name: wave.could_not_go_back for wave in plan.waves}
    if plan.breaker is not None:
        kept[""] = plan.breaker.could_not_go_back
    return any(kept[wave] > tolerance for wave, _, tolerance in breaches(plan))


def stops_again(plan: PlanSummary) -> bool:
    """Whether its policy pauses it again, though a plain resume is taken, when the retry that is under way is done."""
    return plan.retrying and outlasts_a_retry(plan)


def breach_sentence(wave: str, failed: int, tolerance: int) -> str:
    """`breaker tripped in wave canary: 3 failed, tolerance 2`."""
    return f"breaker tripped{f' in wave {wave}' if wave else ''}: {failed} failed, tolerance {tolerance}"


def answer_command(word: str, plan_id: str, wave: str) -> str:
    """The one form in which an answer to a gate is printed: ``word`` is approve or reject."""
    return typed(word, "--plan", plan_id, "--wave", wave, "--reason", "say why")


def waits_sentence(wave: WaveStatus, plan_id: str) -> str:
    """The same of a task that cannot start before that wave is done with."""
    said = wave_sentence(wave, plan_id)
    if wave.state == WaveState.GATED:
        return f"it {said}"
    if wave.state in (WaveState.SOAKING, WaveState.REJECTED):
        return f"it waits: {said}"
    if wave.sent_back:
        return f"it waits for an answer: {said}"
    return f"it waits for wave {wave.name} ({wave.ended} of {wave.tenants} ended)"


def tripped_words(plan: PlanSummary | PlanStatus) -> str:
    """To stand behind a breaker's numbers: that it has tripped, though what had failed has been taken back since. A
    retry of the plan is the answer."""
    breaker = plan.breaker
    if breaker is None or not breaker.tripped or plan.status in PLAN_ENDED or any(breaches(plan)):
        return ""
    return f"; it has tripped ({breaker.tripped})" + ("" if plan.retrying else ", and waits for an answer")


def soak_end(wave: WaveStatus) -> str:
    """Until when it soaks, with the date."""
    return f"{(wave.soaks_until or '')[:19].replace('T', ' ')} UTC"


def gone_words(wave: WaveStatus) -> str:
    """Who keeps a wave in its soak past its time."""
    was, again = ("was", "is") if wave.gone_at_last_look == 1 else ("were", "are")
    return f"{wave.gone_at_last_look} {was} gone at the last look, and {again} looked at again"


def wave_sentence(wave: WaveStatus, plan_id: str) -> str:
    """What a wave that is not done with does, or waits for."""
    if wave.state == WaveState.SOAKING:
        last = ", its last looks are due" if wave.last_looks_due else ""
        last += f"; without a worker the soak waits: {typed('worker')}" if wave.last_looks_late else ""
        last += f", {gone_words(wave)}" if wave.gone_at_last_look else ""
        until = soak_end(wave)
        if wave.clock_put_back:
            last = ": Redis' clock was put back since, and it lasts until the time that is shown is there again"
        return f"wave {wave.name} soaks until {until}{last}"
    if wave.state == WaveState.GATED:
        return f"waits for approval of wave {wave.name}{gate_question_words(wave.gate_questions)}"
    if wave.state == WaveState.REJECTED:
        why = f" ({wave.rejected_because})" if wave.rejected_because else ""
        return f"the gate of wave {wave.name} is rejected" + (
            f" by {wave.rejected_by}{why}" if wave.rejected_by else ""
        )
    return f"wave {wave.name}: {wave.ended} of {wave.tenants} ended, {wave.failed} failed{by_breaker_words(wave)}"


def by_breaker_words(wave: WaveStatus) -> str:
    """To stand behind how many failed."""
    return f", {wave.sent_back} taken back by its breaker" if wave.sent_back else ""


def gate_words(plan: PlanSummary | PlanStatus) -> str:
    """What a plan needs whose gate waits, or is rejected, or whose breaker took back what nobody has answered for, and
    the command; "" where none does."""
    if (wave := unanswered_wave(plan)) is not None:
        look = typed("explain", "--plan", plan.plan_id)
        return f"{wave_sentence(wave, plan.plan_id)}; what is behind it waits for an answer: {look}"
    wave = None if plan.status in PLAN_ENDED else current_wave(plan)
    if wave is None or wave.state not in (WaveState.GATED, WaveState.REJECTED):
        return ""
    return f"{wave_sentence(wave, plan.plan_id)}: {answer_command('approve', plan.plan_id, wave.name)}"


def held_words(plan: PlanSummary | PlanStatus) -> str:
    """Why nothing of a plan moves that runs, and that nobody has stopped: its breaker, or what that took back; "" where
    neither keeps all of it."""
    is_on = plan.status == PlanState.RUNNING and not (plan.pausing or plan.cancelling)
    if not is_on or not plan.counts.get(TaskState.PENDING) or any(plan.counts.get(state) for state in TASK_ACTIVE):
        return ""
    if not plan.retrying or outlasts_a_retry(plan):
        for breach in holding(plan):
            return f"{breach_sentence(*breach)}; {typed('explain', '--plan', plan.plan_id)}"
    wave = unanswered_wave(plan)
    return "" if wave is None or goes_on_before(plan, wave) else gate_words(plan)


def with_hold(plan: PlanSummary) -> PlanSummary:
    """The same, with what holds it: after its end, with which a breaker is answered, nothing else may say that."""
    if not (words := held_words(plan)):
        return plan
    breaker = plan.breaker
    if breaker is not None and not breaker.tripped and any(holding(plan)):
        breaker = breaker.model_copy(update={"tripped": breaker.on_breach})
    return plan.model_copy(update={"waits_because": words, "breaker": breaker})


def other_waits(plan: PlanSummary | PlanStatus) -> str:
    """Why it waits, for who tells its breakers and its waves besides."""
    return "" if plan.waits_because == held_words(plan) else plan.waits_because or ""


def _is_over_by_ledger(record: Record) -> bool:
    """Whether the round of looks at the end of the soak, by the ledger's clock, has been handed out."""
    at, ends = (counted_number(record.get(name)) for name in ("soakAt", "soakEnds"))
    return at is not None and ends is not None and at >= ends


def _wave(record: Record, index: int, told_now_ms: Callable[[], int]) -> WaveStatus:
    part = fields_of(index)
    room = room_of(record, part)
    counts = {state.value: int(record.get(f"{part}n:{state}", 0)) for state in TaskState}
    until = moment(record.get(f"{part}until"))
    gate = record.get(f"{part}gate")
    state = record.get(f"{part}state", WaveState.PENDING.value)
    soaks = until is not None and state == WaveState.SOAKING
    late_ms = told_now_ms() - round(until.timestamp() * 1000) if until is not None and soaks else 0
    left, doubts = counted_number(record.get("soakLeft")), counted_number(record.get("soakDoubts")) or 0
    # Between two rounds, which lie an interval apart, no look is due, nor waits for a worker.
    gone = doubts if late_ms > 0 and left == 0 else 0
    return WaveStatus(
        name=record.get(f"{part}name", ""),
        state=state,
        tenants=int(record.get(f"{part}total", 0)),
        ended=sum(counts[state] for state in TASK_ENDED),
        failed=room.failed,
        could_not_go_back=could_not_go_back(record, part),
        tolerance=room.limit,
        sent_back=sent_back(record, part),
        max_concurrency=room.most,
        soaks_until=until.isoformat(timespec="seconds").replace("+00:00", "Z") if until else None,
        last_looks_due=late_ms > 0 and not gone,
        last_looks_late=late_ms > BORNE_LATE_MS and left != 0,
        gone_at_last_look=gone,
        clock_put_back=soaks and _is_over_by_ledger(record) and late_ms < -_AT_ONCE_MS,
        gate=None if gate is None else ("manual" if gate == "manual" else "http"),
        gate_questions=gate_questions(record, index, told_now_ms) if state == WaveState.GATED else None,
        rejected_by=record.get("gateRejectedBy") if state == WaveState.REJECTED else None,
        rejected_because=record.get("gateRejectedFor") if state == WaveState.REJECTED else None,
        counts={state: count for state, count in counts.items() if count},
    )
