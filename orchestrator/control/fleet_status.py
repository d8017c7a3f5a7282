"""What a plan's record says of its waves, its breaker and what it waits for, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.control.answers import BreakerStatus, PlanStatus, PlanSummary, WaveStatus
from orchestrator.control.gate_questions import gate_question_words, gate_questions
from orchestrator.control.start_words import start_words
from orchestrator.domain.fleet_config import MAX_WAVES
from orchestrator.domain.status import PLAN_ENDED, TASK_ENDED, TaskState
from orchestrator.domain.typed import typed
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.log_entries import moment
from orchestrator.ledger.records import Record

FAILURES = (TaskState.FAILED, TaskState.ROLLBACK_FAILED)


def fleet_fields(record: Record, told_now_ms: Callable[[], int]) -> dict[str, Any]:
    """The fields of a summary that are about its tenants together; none of a plan that says nothing of them.
    ``told_now_ms``: the time that people are shown, which is asked where something waits for a time."""
    waves = [_wave(record, index, told_now_ms) for index in range(min(int(record.get("waves", 0)), MAX_WAVES))]
    found: dict[str, Any] = {"waves": waves} if waves else {}
    if words := start_words(record, told_now_ms):
        found["waits_because"] = words
    if "onBreach" in record:
        found["breaker"] = BreakerStatus(
            failed=_failed(record, ""),
            tolerance=_limit(record, ""),
            mode=_mode(record, ""),
            on_breach=record["onBreach"],
            tripped=record.get("tripped"),
        )
    return found


def current_wave(plan: PlanSummary | PlanStatus) -> WaveStatus | None:
    """The first wave that is not done with, or has a task that is moved again."""
    return next((wave for wave in plan.waves if wave.state != WaveState.PASSED or wave.ended < wave.tenants), None)


def breaches(plan: PlanSummary | PlanStatus) -> Iterator[tuple[str, int, int]]:
    """What has more failures than it bears: name of the wave ("" is the plan), failed, tolerance."""
    for wave in plan.waves:
        if wave.tolerance is not None and wave.failed > wave.tolerance:
            yield wave.name, wave.failed, wave.tolerance
    breaker = plan.breaker
    if breaker is not None and breaker.tolerance is not None and breaker.failed > breaker.tolerance:
        yield "", breaker.failed, breaker.tolerance


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
    return f"it waits for wave {wave.name} ({wave.ended} of {wave.tenants} ended)"


def tripped_words(plan: PlanSummary | PlanStatus) -> str:
    """To stand behind a breaker's numbers: that it has tripped, though what had failed has been taken back since."""
    breaker = plan.breaker
    is_over = breaker is None or not breaker.tripped or plan.status in PLAN_ENDED or any(breaches(plan))
    return "" if is_over or breaker is None else f"; it has tripped ({breaker.tripped}), and waits for an answer"


def wave_sentence(wave: WaveStatus, plan_id: str) -> str:
    """What a wave that is not done with does, or waits for."""
    if wave.state == WaveState.SOAKING:
        last = ", its last looks are due; without a worker the soak waits: " if wave.last_looks_due else ""
        last += typed("worker") if wave.last_looks_due else ""
        return f"wave {wave.name} soaks until {(wave.soaks_until or '')[11:19]} UTC{last}"
    if wave.state == WaveState.GATED:
        return f"waits for approval of wave {wave.name}{gate_question_words(wave.gate_questions)}"
    if wave.state == WaveState.REJECTED:
        return f"the gate of wave {wave.name} is rejected"
    back = f", {wave.sent_back} taken back by its breaker" if wave.sent_back else ""
    return f"wave {wave.name}: {wave.ended} of {wave.tenants} ended, {wave.failed} failed{back}"


def gate_words(plan: PlanSummary | PlanStatus) -> str:
    """What a plan whose gate waits, or is rejected, needs, and the command; "" where none does."""
    wave = None if plan.status in PLAN_ENDED else current_wave(plan)
    if wave is None or wave.state not in (WaveState.GATED, WaveState.REJECTED):
        return ""
    return f"{wave_sentence(wave, plan.plan_id)}: {answer_command('approve', plan.plan_id, wave.name)}"


def _wave(record: Record, index: int, told_now_ms: Callable[[], int]) -> WaveStatus:
    part = f"wave:{index}:"
    counts = {state.value: int(record.get(f"{part}n:{state}", 0)) for state in TaskState}
    until = moment(record.get(f"{part}until"))
    gate = record.get(f"{part}gate")
    soaks = record.get(f"{part}state") == WaveState.SOAKING
    return WaveStatus(
        name=record.get(f"{part}name", ""),
        state=record.get(f"{part}state", WaveState.PENDING.value),
        tenants=int(record.get(f"{part}total", 0)),
        ended=sum(counts[state] for state in TASK_ENDED),
        failed=_failed(record, part),
        tolerance=_limit(record, part),
        sent_back=_sent_back(record, part),
        max_concurrency=int(record[f"{part}max"]) if f"{part}max" in record else None,
        soaks_until=until.isoformat(timespec="seconds").replace("+00:00", "Z") if until else None,
        last_looks_due=until is not None and soaks and told_now_ms() > round(until.timestamp() * 1000),
        gate=None if gate is None else ("manual" if gate == "manual" else "http"),
        gate_questions=gate_questions(record, index, told_now_ms)
        if record.get(f"{part}state") == WaveState.GATED
        else None,
        counts={state: count for state, count in counts.items() if count},
    )


def _failed(record: Record, part: str) -> int:
    taken_back, accepted = (int(record.get(f"{part}n:{name}", 0)) for name in ("takenBack", "accepted"))
    return sum(int(record.get(f"{part}n:{state}", 0)) for state in FAILURES) + taken_back - accepted


def _sent_back(record: Record, part: str) -> int:
    """As ``sent_back`` in ``includes/places.lua``."""
    names = (TaskState.ROLLED_BACK, TaskState.ROLLING_BACK, "rollbackRequested")
    back = sum(int(record.get(f"{part}n:{name}", 0)) for name in names)
    if f"{part}sentBack" in record:
        return min(back, int(record.get(f"{part}n:sentBack", 0)))
    # Taken back by a process from before that was kept.
    taken = f"wave:{record.get('waveRollbackOf')}:"
    return back if record.get("tripped") == "rollback_wave" and part == taken else 0


def _limit(record: Record, part: str) -> int | None:
    tolerance = record.get(f"{part}tolerance")
    return None if tolerance is None else int(tolerance) + int(record.get(f"{part}accepted", 0))


def _mode(record: Record, part: str) -> str:
    return "strict" if record.get(f"{part}strict") == "1" else "soft"
