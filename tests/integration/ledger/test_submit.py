"""Submit at the level of its scripts: idempotent chunks, drafts that go on, conflicts, drafts taken back (I11)."""

from __future__ import annotations

from orchestrator.domain.status import PlanState
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.outcomes import Committed, Opened, Written
from tests.support.ledger_world import LedgerWorld, config


def pairs(*tenants: str) -> list[tuple[str, str]]:
    return [(tenant, config(tenant, "p")) for tenant in tenants]


def test_a_cut_off_submit_goes_on_where_it_stopped(world: LedgerWorld) -> None:
    assert world.open("p", 3) == (Opened.OPENED, 0, None)
    assert world.ledger.write_chunk("p", "d", 0, pairs("a", "b")) is Written.WRITTEN
    assert world.open("p", 3) == (Opened.DRAFT, 1, None)
    assert world.ledger.commit_plan("p", "d") == (Committed.INCOMPLETE, None)
    before = world.dump()
    assert world.ledger.write_chunk("p", "d", 0, pairs("a", "b")) is Written.ALREADY
    assert world.ledger.write_chunk("p", "d", 2, pairs("c")) is Written.CLOSED
    assert world.dump() == before
    assert world.ledger.write_chunk("p", "d", 1, pairs("c")) is Written.WRITTEN
    assert world.ledger.commit_plan("p", "d") == (Committed.READY, None)

    before = world.dump()
    assert world.open("p", 3) == (Opened.EXISTS, 0, PlanState.READY)
    assert world.ledger.write_chunk("p", "d", 1, pairs("c")) is Written.ALREADY
    assert world.ledger.commit_plan("p", "d") == (Committed.EXISTS, PlanState.READY)
    assert world.dump() == before
    assert world.kinds() == ["PlanCreated", "TaskCreated", "TaskCreated", "TaskCreated", "PlanReady"]
    assert world.serve("p") == ["p.0", "p.1", "p.2"]


def test_other_content_under_the_same_id_is_a_conflict(world: LedgerWorld) -> None:
    world.open("p", 1)
    before = world.dump()
    assert world.open("p", 1, digest="other") == (Opened.CONFLICT, 0, None)
    assert world.ledger.write_chunk("p", "other", 0, pairs("a")) is Written.CLOSED
    assert world.ledger.commit_plan("p", "other") == (Committed.MISSING, None)
    assert world.ledger.commit_plan("nowhere", "d") == (Committed.MISSING, None)
    assert world.dump() == before


def test_an_abandoned_draft_gives_its_tenants_back_in_bounded_steps(world: LedgerWorld) -> None:
    (older,) = world.started("older", ["a"])
    world.finish(older)
    world.open("p", 4, rules=FleetRules(4, waves=(Wave("one", 2), Wave("two", 2))))
    waves = ['{"wave":0}', '{"wave":0}', '{"wave":1}']
    world.ledger.write_chunk("p", "d", 0, [(*one, wave) for one, wave in zip(pairs("a", "b", "c"), waves, strict=True)])
    assert world.reader.task_of_tenant("a") == "p.0"
    assert world.ledger.call("abandon_draft", 3_600_000, 2) == ["NONE"]

    assert world.ledger.call("abandon_draft", -1000, 2) == ["MORE"]
    # Whoever judges the ledger between two of its scripts finds nothing broken.
    world.check()
    counts = [f"{part}n:PENDING" for part in ("", "wave:0:", "wave:1:")]
    assert world.client.hmget(world.keys.of("plan", "p"), counts) == ["1", "1", "0"]
    assert world.open("p", 4) == (Opened.CONFLICT, 0, None)
    assert world.ledger.call("abandon_draft", -1000, 2) == ["ABANDONED", "p"]

    assert world.reader.task_of_tenant("a") == older
    assert world.reader.task_of_tenant("b") is None
    left = [key for key in world.dump() if key.endswith((":p", ":p.0", ":p.1", ":p.2"))]
    assert left == [world.keys.of("plan_seq", "p")]
    assert world.kinds(plan_id="p")[-1] == "PlanValidationFailed"
    assert world.open("p", 4) == (Opened.OPENED, 0, None)


def test_drafts_that_are_abandoned_in_any_order_never_leave_a_tenant_with_a_task_that_is_gone(
    world: LedgerWorld,
) -> None:
    (older,) = world.started("older", ["a"])
    world.finish(older)
    for plan_id in ("p", "q"):
        world.open(plan_id, 2)
        world.ledger.write_chunk(plan_id, "d", 0, [("a", config("a", plan_id))])
    assert world.reader.task_of_tenant("a") == "q.0"
    for gone in ("p", "q"):
        assert world.ledger.call("abandon_draft", -1000, 10) == ["ABANDONED", gone]
    assert world.reader.task_of_tenant("a") == older


def test_a_plan_goes_on_counting_where_an_abandoned_draft_of_its_id_stopped(world: LedgerWorld) -> None:
    world.open("p", 2)
    world.ledger.write_chunk("p", "d", 0, pairs("a"))
    world.ledger.call("abandon_draft", -1000, 10)
    world.plan("p", ["a"])
    numbers = [event.plan_sequence_id for event in world.events() if event.plan_id == "p"]
    assert numbers == list(range(1, len(numbers) + 1))


def test_labels_and_groups_stand_in_record_and_event(world: LedgerWorld) -> None:
    world.open("p", 2)
    traits = '{"groups":["db-7","rack-2"],"labels":{"ring":"early"}}'
    world.ledger.write_chunk("p", "d", 0, [("a", config("a", "p"), traits), ("b", config("b", "p"))])
    assert (world.task("p.0")["labels"], world.task("p.0")["groups"]) == ("ring=early", "db-7 rack-2")
    assert not {"labels", "groups"} & world.task("p.1").keys()
    told = [(event.labels, event.groups) for event in world.events() if event.type == "TaskCreated"]
    assert told == [({"ring": "early"}, ["db-7", "rack-2"]), (None, None)]
