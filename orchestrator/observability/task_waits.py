"""How many tasks wait for what, from counters and sizes alone; see ``docs/metrics.md`` for the words."""

from __future__ import annotations

from collections import Counter
from typing import Final

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.stored_json import counted_number
from orchestrator.ledger.move_room import Stop, fields_of, open_wave, stop_behind, stop_of_all, stop_within
from orchestrator.ledger.sample import PlanSample, Sample

COORDINATOR: Final = "coordinator"
REASONS: Final = ("tenant", *Stop, "freeze", "group", COORDINATOR, "resume")
APART: Final = "freeze or group"
"""Of tasks that stand in no queue and no line: the sizes of the freezes tell which."""

_OF_HEAD: Final = {"frozenBy": "freeze", "groupFor": "group", "waitingSince": "tenant"}


def waits_in(sample: Sample) -> Counter[str]:
    """Over all plans, by the words of ``REASONS``."""
    waits: Counter[str] = Counter()
    for plan in sample.plans:
        waits.update(waits_of(plan, shown_ms=sample.shown_ms, ledger_ms=sample.now_ms))
    apart = waits.pop(APART, 0)
    # The head of a plan with one slot is frozen in its queue.
    heads = sum(plan.head_waits == "frozenBy" for plan in sample.plans)
    frozen = min(max(sample.frozen - heads, 0), apart)
    waits["freeze"] += frozen
    # Who is about to be put back stands nowhere for a moment.
    waits["group" if sample.group_lines else COORDINATOR] += apart - frozen
    return waits


def waits_of(plan: PlanSample, *, shown_ms: int, ledger_ms: float) -> dict[str, int]:
    """Of one plan: ``APART`` for those of whom it alone does not tell; the times as in ``stop_of_all``."""
    pending = plan.tasks[TaskState.PENDING]
    # One that was woken stands in queue and line at once, and waits for a slot or a turn as well: told as the tenant.
    lined = min(plan.tasks["lined"], pending + plan.tasks["rollbackRequested"])
    others = max(pending - lined, 0)
    queued = min(others, plan.queued_moves)
    waits: Counter[str] = Counter({"tenant": lined, APART: others - queued, "resume": plan.tasks[TaskState.PAUSED]})
    try:
        waits.update(_in_queue(plan, queued, shown_ms, ledger_ms))
    except ValueError:
        # A damaged record: doctor tells of it.
        waits[COORDINATOR] += queued
    return dict(waits)


def _in_queue(plan: PlanSample, queued: int, shown_ms: int, ledger_ms: float) -> Counter[str]:
    record, wave = plan.record, open_wave(plan.record)
    if stop := stop_of_all(record, shown_ms=shown_ms, ledger_ms=ledger_ms):
        return Counter({stop.value: queued})
    behind, waits = 0, Counter[str]()
    if wave is not None:
        of_wave = counted_number(record.get(f"{fields_of(wave)}n:{TaskState.PENDING}")) or 0
        behind = min(max(plan.tasks[TaskState.PENDING] - of_wave, 0), queued)
        waits[stop_behind(record, wave).value] += behind
    within = stop_within(record, wave, plan.slots_used) if plan.status == PlanState.RUNNING else None
    waits[within.value if within else _OF_HEAD.get(plan.head_waits, COORDINATOR)] += queued - behind
    return waits
