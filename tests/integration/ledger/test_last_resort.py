"""What is printed as the last resort works, whatever a hand has made of a plan's record; its tenants become free."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from orchestrator.client import Client
from orchestrator.control.purging import Purger
from orchestrator.domain.errors import NotAllowed
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.operations import Taken, draw_request_id
from orchestrator.ledger.outcomes import Begun
from orchestrator.ledger.purges import Purges
from tests.support.hands import plan_key
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.long import IS_LONG

FORCE = replace(ME, force=True)
NO_NUMBERS = ("1.5", "1e400", "9" * 19, "1e3", "0x10", " 7", "10000000000000000", "inf", "nan", "garbage")
"""Of each Lua, Redis or Python reads some as a number."""


def purge(world: LedgerWorld, plan_id: str) -> None:
    order = replace(FORCE, request_id=draw_request_id())
    Purger(Purges(world.ledger), world.reader).plan(plan_id, order, None, lambda plan_id, left: None)


def run_out(world: LedgerWorld, *task_ids: str) -> None:
    """Their workers are gone, and a sweep has looked at them."""
    for task_id in task_ids:
        world.expire("leases_running", task_id)
    with capture_logs():
        world.sweeper.sweep()


def test_what_a_sweep_puts_off_is_no_workers_sign_of_life(hurt: LedgerWorld, client: Client) -> None:
    hurt.started("bad", ["a", "b"], max_concurrency=2)
    hurt.started("next", ["a"])
    assert hurt.begin("bad.0") is Begun.BEGUN
    hurt.client.hset(plan_key(hurt), "status", "garbage")
    with pytest.raises(NotAllowed, match="1 of its tasks are in a worker's hands"):
        purge(hurt, "bad")
    (row,) = [one for one in client.doctor().checks if one.name == "plan bad"]
    assert row.finding.endswith("by `changeover purge --plan bad --force`, which waits for the workers that are at it")
    # Whoever is at it is told so, and stops.
    assert hurt.turn("bad.0") in hurt.ledger.renew([hurt.turn("bad.0")])
    run_out(hurt, "bad.0")
    assert (hurt.client.zscore(hurt.keys.of("leases_running"), "bad.0") or 0) > hurt.reader.now_ms() + 50_000
    (row,) = [one for one in client.doctor().checks if one.name == "plan bad"]
    assert row.finding.endswith("or take the plan out: `changeover purge --plan bad --force`")
    purge(hurt, "bad")
    assert hurt.serve("next") == ["next.0"]
    assert hurt.holder("a") == "next.0"


def test_a_tenant_is_released_from_a_plan_whose_state_is_none(hurt: LedgerWorld, client: Client) -> None:
    hurt.started("bad", ["a"])
    hurt.started("next", ["a"])
    assert hurt.begin("bad.0") is Begun.BEGUN
    hurt.client.hset(plan_key(hurt), "status", "garbage")
    told = client.release_tenant("a", reason="its plan is damaged")
    assert told.message == "taken from task bad.0, whose record, or its plan's, is damaged or gone"
    assert hurt.serve("next") == ["next.0"]
    run_out(hurt, "bad.0")
    assert hurt.holder("a") == "next.0"


@pytest.mark.parametrize(("field", "value"), [("wave:0:state", "garbage"), ("wave:0:n:RUNNING", "1.5")])
def test_a_tenant_is_taken_by_force_where_its_holder_cannot_fail(hurt: LedgerWorld, field: str, value: str) -> None:
    rules = FleetRules(1, waves=(Wave("first", 1),))
    hurt.started("bad", ["a"], max_concurrency=1, rules=rules, wave_of=[0])
    hurt.started("next", ["a"])
    assert hurt.begin("bad.0") is Begun.BEGUN
    turn = hurt.turn("bad.0")
    hurt.client.hset(plan_key(hurt), field, value)
    assert hurt.operations.release_tenant("a", replace(FORCE, request_id=draw_request_id())).answer is Taken.ACCEPTED
    assert turn in hurt.ledger.renew([turn])
    assert hurt.serve("next") == ["next.0"]
    with capture_logs():
        hurt.ledger.call("reconcile", "bad", 0, 10)
    assert hurt.holder("a") == "next.0"


def test_a_number_of_events_that_redis_cannot_count_from_is_told_and_mended_by_a_purge(hurt: LedgerWorld) -> None:
    for place, value in enumerate(NO_NUMBERS if IS_LONG else NO_NUMBERS[:4]):
        for ends in (False, True):
            plan_id = f"p{place}-{int(ends)}"
            (task_id,) = hurt.started(plan_id, [f"tenant-of-{plan_id}"])
            assert hurt.begin(task_id) is Begun.BEGUN
            if ends:
                hurt.finish(task_id)
            last = hurt.reader.plan_record(plan_id)["planSeq"]
            hurt.client.hset(hurt.keys.of("plan", plan_id), "planSeq", value)
            assert hurt.reader.wrong_with_plan(plan_id), value
            # Asked what it would answer, it says what it answers.
            would = hurt.operations.would("cancel", "plan", plan_id)  # type: ignore[arg-type]
            reply = hurt.ask("cancel", plan_id)
            assert (would.answer, would.why) == (reply.answer, reply.why) == (Taken.REFUSED, "damaged"), value
            if not ends:
                run_out(hurt, task_id)
            assert hurt.operations.would_purge(plan_id).answer is Taken.ACCEPTED, value
            purge(hurt, plan_id)
            told = [event for event in hurt.events() if event.plan_id == plan_id]
            assert [event.plan_sequence_id for event in told][-1] == int(last) + 1
            assert hurt.holder(f"tenant-of-{plan_id}") is None
    # The next of its id, where a hand has damaged what was kept of it.
    hurt.client.set(hurt.keys.of("plan_seq", "p0-0"), "1e3")
    assert hurt.started("p0-0", ["a"]) == ["p0-0.0"]
    assert hurt.reader.damaged_plans() == []
