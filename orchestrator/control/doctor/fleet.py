"""What waits longer than it should: waves past their soak or their gate's time, full groups whose holders give no sign,
plans past the time at which they may start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from orchestrator.control.answers import Check, WaveStatus
from orchestrator.control.damage import UNREADABLE
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.explain.scene import seconds_words
from orchestrator.control.fleet_status import current_wave
from orchestrator.control.status import plan_summary
from orchestrator.domain.status import TASK_ACTIVE
from orchestrator.domain.typed import typed
from orchestrator.domain.waves import WaveState
from orchestrator.ledger.reader import Reader

LATE_MS: Final = 60_000
"""What is late by less is still a sweep's, or a look's that is on its way."""

SHOWN: Final = 20
LOOKED_AT: Final = 200
"""Groups with a line, and holders of each, that are looked at."""


def wave_rows(reader: Reader) -> Iterator[Check]:
    """One row for all that wait as they should, and one for each wave that waits past its time."""
    plan_ids, waits = reader.active_plans(), 0
    for plan_id, record in zip(plan_ids, reader.plan_records(plan_ids), strict=True):
        try:
            wave = (
                current_wave(plan_summary(plan_id, record, reader.freezes.told_now_ms)) if "waves" in record else None
            )
            late = "" if wave is None else _late(reader, record, wave)
        except UNREADABLE:
            # Told of as a damaged plan.
            continue
        waits += wave is not None and wave.state in (WaveState.SOAKING, WaveState.GATED)
        if late and wave is not None:
            finding = f"wave {wave.name} {late}: `{typed('explain', '--plan', plan_id)}`"
            yield check(Row.WAVES, f"plan {plan_id}", finding, good=False)
    yield check(Row.WAVES, "waves", f"{waits} plans soak, or wait for a gate" if waits else "none waits")


def _late(reader: Reader, record: Mapping[str, str], wave: WaveStatus) -> str:
    """Why it should wait no more; "" when it may."""
    if wave.state == WaveState.SOAKING:
        late_ms, left = reader.now_ms() - int(record["soakEnds"]), int(record.get("soakLeft", 0))
        if late_ms > LATE_MS and left:
            longer = seconds_words(late_ms / 1000)
            return f"soaks for {longer} longer than it should: {left} looks are not answered by any worker"
    elif wave.state == WaveState.GATED and wave.gate == "http":
        # One that began to wait before `gateEnds` was kept has what people are told, until it is asked again.
        is_kept = "gateEnds" in record
        late_ms = (
            reader.now_ms() - int(record["gateEnds"])
            if is_kept
            else reader.shown_time().shown_ms - int(record["gateUntil"])
        )
        if late_ms > LATE_MS:
            return f"should have had an answer of its gate {seconds_words(late_ms / 1000)} ago: no worker asks it"
    return ""


def group_rows(reader: Reader) -> Iterator[Check]:
    """One row for all, and one for each that is full, waited for, and held by somebody who gives no sign."""
    lines = reader.groups.waited_for(LOOKED_AT)
    uses, now_ms, named = reader.groups.uses(list(lines)), reader.now_ms(), 0
    for name, line in lines.items():
        use = uses[name]
        if use.limit is None or use.used < use.limit or named >= SHOWN:
            continue
        stuck = [why for holder in reader.groups.holders(name, LOOKED_AT) if (why := _stuck(reader, holder, now_ms))]
        if stuck:
            named += 1
            more = f", and {len(stuck) - 1} more" if len(stuck) > 1 else ""
            finding = f"{use.used} of {use.limit} in use, {line} tasks wait; {stuck[0]}{more}"
            yield check(Row.GROUPS, f"group {name}", finding, good=False)
    yield check(Row.GROUPS, "groups", f"{len(lines)} are waited for" if lines else "none is waited for")


def _stuck(reader: Reader, task_id: str, now_ms: int) -> str:
    """Why the task that holds a place does not come to its end; "" when it may."""
    (record,) = reader.task_records([task_id])
    status = record.get("status")
    if status not in TASK_ACTIVE:
        return f"{task_id}, which holds it, is {status or 'gone'}: a sweep frees it"
    ends = [reader.lease_ends_ms(kind, task_id) for kind in ("running", "queued")]
    late_ms = now_ms - max((at for at in ends if at is not None), default=0.0)
    if late_ms <= LATE_MS:
        return ""
    look = f"`{typed('explain', '--task', task_id)}`"
    return f"{task_id}, which holds it, has had no sign of life for longer than its lease: {look}"


def pace_rows(reader: Reader) -> Iterator[Check]:
    """One row for all, and one for each plan whose time has come and that was given no turn."""
    now_ms = reader.freezes.told_now_ms()
    late = reader.late_turns(now_ms - LATE_MS, SHOWN)
    for plan_id, at in late:
        finding = f"its time came {seconds_words((now_ms - at) / 1000)} ago, and no coordinator has given it a turn: "
        finding += f"`{typed('explain', '--plan', plan_id)}`"
        yield check(Row.PACE, f"plan {plan_id}", finding, good=False)
    if not late:
        yield check(Row.PACE, "pace", "no plan is past the time at which it may go on")
