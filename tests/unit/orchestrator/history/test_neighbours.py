"""What outlives its use (I18), and who is held up by somebody else (I19), in doctored dumps and brokers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from orchestrator.domain.errors import quoted_value
from orchestrator.fleet.freezes import FreezeRecord, Scope
from orchestrator.history import LedgerDump, Report, StageMessages, check_history
from tests.unit.orchestrator.history.told import (
    NOW_MS,
    PLAN,
    Line,
    asked,
    ledger,
    of_plan,
    opening,
    right,
    running,
    running_ledger,
    tell,
)

LATE_MS = 120_000
"""Longer than anything may be overdue."""


def with_coordinator(dump: LedgerDump) -> LedgerDump:
    dump.presence_ms["coordinator:h:1"] = dump.now_ms
    return dump


def late(dump: LedgerDump) -> LedgerDump:
    """The same dump, taken two minutes after the last event; leases are renewed."""
    dump.now_ms += LATE_MS
    dump.leases_running = dict.fromkeys(dump.leases_running, dump.now_ms + 5000)
    return with_coordinator(dump)


# I18


def test_a_bounded_number_of_copies_holds() -> None:
    most = Counter({"p.0": 3, "p.1": 1})
    assert check_history(tell(right()), ledger(right()), messages=StageMessages(most, most)).holds


def test_more_messages_of_a_task_than_may_be_are_named() -> None:
    many = StageMessages(Counter({"p.0": 4, "p.1": 1}), Counter({"p.0": 4, "p.1": 5}))
    # What a lost worker had taken stays; what waits has one bound, whoever was lost.
    for lost_workers, taken in (
        (0, ["4 messages of p.0", "5 messages of p.1"]),
        (1, ["5 messages of p.1"]),
        (2, []),
    ):
        report = check_history(tell(right()), ledger(right()), messages=many, lost_workers=lost_workers)
        assert [str(violation) for violation in report.violations] == [
            "I18: 4 messages of p.0 wait in the broker, at most 3 may",
            *(f"I18: {one} are taken and not acknowledged, at most {3 + lost_workers} may" for one in taken),
        ]


def many_wakes(dump: LedgerDump) -> None:
    dump.inbox = 120_000


def a_key_of_nobody(dump: LedgerDump) -> None:
    dump.strays = ("config:gone.0",)


def many_lost_plans(dump: LedgerDump) -> None:
    dump.lost = 101


def a_dead_process(dump: LedgerDump) -> None:
    dump.presence_ms["worker:h:2"] = dump.now_ms - 3_600_000


@pytest.mark.parametrize("doctor", [many_wakes, many_lost_plans, a_key_of_nobody, a_dead_process])
def test_what_grows_is_rejected(doctor: Callable[[LedgerDump], None]) -> None:
    dump = with_coordinator(ledger(right()))
    assert check_history(tell(right()), dump).holds
    doctor(dump)
    assert {violation.invariant for violation in check_history(tell(right()), dump).violations} == {"I18"}


def test_with_no_coordinator_alive_nobody_can_clear_away_the_dead() -> None:
    dump = ledger(right())
    a_dead_process(dump)
    assert check_history(tell(right()), dump).holds


# I19

BESIDE: list[Line] = [
    *right(),
    of_plan("PlanCreated", planId="q", totalTasks=1),
    of_plan("TaskCreated", planId="q", taskId="q.0", tenantId="x"),
    of_plan("PlanReady", planId="q", totalTasks=1),
    of_plan("PlanStarted", planId="q"),
]


def damaged_beside() -> LedgerDump:
    """Plan p has ended, plan q has lost its record while it ran."""
    dump = ledger(BESIDE)
    dump.plans[PLAN]["planSeq"] = str(len(right()))
    dump.logs[PLAN] = len(right())
    dump.plans["q"] = {}
    dump.tasks["q.0"] = {"status": "PENDING", "tenant": "x"}
    dump.tenants["x"] = {"newest": "q.0"}
    dump.queues["q"] = {"q.0": 2e12}
    return dump


def judge(lines: list[Line], dump: LedgerDump, *, ended: bool = False, damaged: tuple[str, ...] = ()) -> Report:
    return check_history(tell(lines), dump, ended=ended, damaged=damaged)


def test_of_a_damaged_plan_nothing_is_claimed() -> None:
    dump = damaged_beside()
    assert judge(BESIDE, dump, ended=True, damaged=("q",)).holds


def test_damage_that_nobody_owned_up_to_is_named() -> None:
    dump = damaged_beside()
    assert [str(violation) for violation in judge(BESIDE, dump).of("I7")] == [
        f"I7: q folds to RUNNING, the ledger has no record of it (events {len(BESIDE)})"
    ]


def test_a_damaged_plan_that_is_looked_after_for_good_is_named() -> None:
    dump = damaged_beside()
    dump.active.add("q")
    assert judge(BESIDE, dump, damaged=("q",)).holds
    assert judge(BESIDE, dump, ended=True, damaged=("q",)).of("I19")


def test_a_plan_that_never_ends_beside_a_damaged_one_is_named() -> None:
    report = judge(running(), running_ledger(running()), ended=True, damaged=("q",))
    assert [violation.message for violation in report.of("I19")] == ["p was held up beside ['q']"]


def test_a_plan_that_could_go_on_and_does_not_is_named() -> None:
    assert judge(running(), with_coordinator(running_ledger(running()))).holds
    report = judge(running(), late(running_ledger(running())))
    assert [str(violation) for violation in report.violations] == [
        f"I19: p could go on, and nothing happened for 121 s (events {len(running())})"
    ]


def test_a_plan_that_could_go_on_and_has_no_turn_is_named_at_once() -> None:
    dump = running_ledger(running())
    dump.ready.clear()
    assert [str(violation) for violation in judge(running(), dump).violations] == [
        f"I9: p could go on and has no turn to come (events {len(running())})"
    ]


def test_a_plan_that_nobody_starts_is_named() -> None:
    lines = opening()[:-1]
    dump = running_ledger(lines)
    dump.plans[PLAN] |= {"status": "READY", "n:RUNNING": "0", "n:PENDING": "3"}
    dump.tasks["p.0"] = {"status": "PENDING", "tenant": "t0"}
    dump.tenants["t0"] = {"newest": "p.0"}
    dump.slots[PLAN], dump.leases_running = set(), {}
    dump.queues[PLAN] = {"p.0": 2e12, "p.1": 2e12 + 1, "p.2": 2e12 + 2}
    assert judge(lines, dump).holds
    assert judge(lines, late(dump)).of("I19")


def created_with_group() -> Line:
    return of_plan("PlanCreated", maxConcurrency=2, groupLimits={"g": 1})


def held(dump: LedgerDump) -> None:
    dump.tenants["t1"] |= {"holder": "q.9", "epoch": "1"}


def all_slots_taken(dump: LedgerDump) -> None:
    dump.plans[PLAN]["max"] = "1"


def nobody_there(dump: LedgerDump) -> None:
    dump.presence_ms.clear()


def frozen(dump: LedgerDump, until_ms: int = 1000) -> None:
    end = dump.now_ms + until_ms
    record = FreezeRecord(Scope("t1"), "ops", "why", set_at_ms=0, until_ms=end, windows=((0, end),))
    dump.freezes["freeze-1"] = record.stored()


def frozen_by_nobody_knows_what(dump: LedgerDump) -> None:
    dump.freezes["freeze-1"] = "damaged"


def group_full(dump: LedgerDump) -> None:
    dump.tasks["p.1"]["groups"] = "g"
    dump.plans[PLAN]["group:g"] = "1"
    dump.groups[f"{PLAN}:g"] = {"p.0"}


@pytest.mark.parametrize(
    "excuse", [held, all_slots_taken, nobody_there, frozen, frozen_by_nobody_knows_what, group_full]
)
def test_a_plan_that_cannot_go_on_is_no_fault(excuse: Callable[[LedgerDump], None]) -> None:
    dump = late(running_ledger(running()))
    excuse(dump)
    assert not judge([created_with_group(), *running()[1:]], dump).of("I19")


def over(dump: LedgerDump) -> None:
    frozen(dump, until_ms=0)


def passed(dump: LedgerDump) -> None:
    frozen(dump)
    dump.plans[PLAN]["freezeOverride"] = "urgent"


def group_with_room(dump: LedgerDump) -> None:
    group_full(dump)
    dump.groups.clear()


@pytest.mark.parametrize("no_excuse", [over, passed, group_with_room])
def test_a_plan_that_nothing_stops_has_no_excuse(no_excuse: Callable[[LedgerDump], None]) -> None:
    dump = late(running_ledger(running()))
    no_excuse(dump)
    assert judge([created_with_group(), *running()[1:]], dump).of("I19")


def test_a_paused_plan_need_not_go_on() -> None:
    lines = [*running(), asked("pause", PLAN)]
    dump = late(running_ledger(lines))
    dump.plans[PLAN]["pauseRequested"] = "1"
    assert judge(lines, dump).holds


def test_a_wake_that_nobody_reads_is_named() -> None:
    dump = with_coordinator(ledger(right()))
    dump.inbox, dump.inbox_oldest_ms = 3, NOW_MS - 200_000
    report = check_history(tell(right()), dump)
    assert [str(violation) for violation in report.violations] == [
        "I19: a wake lies in the inbox for 200 s, with 3 in all"
    ]
    # A wake that died with its coordinator waits to be taken over.
    dump.inbox_oldest_ms = NOW_MS - LATE_MS
    assert check_history(tell(right()), dump).holds


@pytest.mark.parametrize("value", ["1e308", "nan", "9" * 5000, ""])
@pytest.mark.parametrize("field", ["n:PENDING", "max", "stages", "status"])
def test_a_value_that_no_script_writes_is_named_and_its_plan_alone_is_not_judged(field: str, value: str) -> None:
    dump = running_ledger(running())
    plan_id = next(iter(dump.plans))
    dump.plans[plan_id][field] = value
    report = judge(running(), dump)
    assert f"{plan_id} has {field} {quoted_value(value)}, which no script writes" in str(report)
