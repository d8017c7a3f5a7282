"""Ended plans leave the ledger whole, in bounded steps; what their tenants need stays (I18)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from orchestrator.control.export import Line, plan_lines
from orchestrator.coordinator.archive import ArchiveUnavailable, FolderArchive
from orchestrator.coordinator.database_archive import DatabaseArchive
from orchestrator.coordinator.retention import Retention
from orchestrator.ledger.operations import Order, Taken
from orchestrator.ledger.outcomes import Ended, Opened
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.records import TurnRecord
from tests.support.ledger_world import LedgerWorld
from workers.step_runner import _idempotency_key
from workers.turn_run import Run

SYSTEM = Order("system", "because", request_id="")


def ended(world: LedgerWorld, plan_id: str, *tenants: str) -> list[str]:
    """A plan whose tasks have all completed."""
    tasks = world.started(plan_id, tenants, max_concurrency=100)
    for task in tasks:
        world.finish(task)
    assert world.status(plan_id) == "COMPLETED"
    return tasks


def keys_of(world: LedgerWorld, plan_id: str) -> list[str]:
    """But the number that its log had come to, which goes by itself."""
    number = world.keys.of("plan_seq", plan_id)
    return [key for key in world.dump() if key != number and key.rpartition(":")[2].partition(".")[0] == plan_id]


def test_a_purged_plan_leaves_nothing_but_what_its_tenants_need(world: LedgerWorld) -> None:
    (first, *_) = ended(world, "p", "a", "b", "c")
    good = world.reader.tenant_records(["a"])[0]["good"]
    purges = Purges(world.ledger)

    assert purges.purge("p", SYSTEM).answer is Taken.ACCEPTED
    # Gone at once for everybody, also while its tasks are still being taken out.
    assert not world.reader.plan_record("p")
    assert world.ask("rollback", first).answer is Taken.MISSING
    assert purges.purge("p", SYSTEM).why == "purging"
    assert list(purges.chunks(2)) == [("p", 1), ("p", 0)]

    assert keys_of(world, "p") == []
    assert purges.chunk() is None
    assert world.kinds(plan_id="p")[-1] == "PlanPurged"
    tenant = world.reader.tenant_records(["a"])[0]
    assert tenant["good"] == good
    assert tenant["mover"] == first
    assert "newest" not in tenant
    assert purges.purge("p", SYSTEM).answer is Taken.MISSING


def test_the_id_is_free_again_and_a_submit_clears_what_is_left(world: LedgerWorld) -> None:
    """The retries of the plan that is gone are none of the next one's."""
    first, second = world.started("p", ["a", "b"])
    world.break_stage(first)
    world.ask("retry", first)
    world.finish(second)
    world.serve("p")
    world.finish(first)
    purges = Purges(world.ledger)
    purges.purge("p", SYSTEM)
    assert world.open("p", 1) == (Opened.PURGING, 0, None)
    list(purges.chunks())
    (task,) = world.started("p", ["a"])
    world.finish(task)
    numbers = [event.plan_sequence_id for event in world.events() if event.plan_id == "p"]
    assert numbers == list(range(1, len(numbers) + 1))
    # Its snapshot is the last known good of the purged plan's move.
    assert world.status("p") == "COMPLETED"


def test_only_what_has_ended_can_be_purged_and_only_as_it_was_seen(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    purges = Purges(world.ledger)
    before = world.dump()
    reply = purges.purge("p", SYSTEM)
    assert (reply.answer, reply.status, reply.why) == (Taken.REFUSED, "RUNNING", "not-ended")
    assert world.dump() == before
    world.finish(task)
    seen = world.reader.plan_record("p")["planSeq"]
    world.ask("rollback", task)
    world.serve("p")
    world.finish(task)
    assert purges.purge("p", SYSTEM, seen).why == "went-on"
    assert purges.purge("nobody", SYSTEM).answer is Taken.MISSING


def test_a_repeated_request_does_not_take_the_next_plan_of_this_id(world: LedgerWorld) -> None:
    ended(world, "p", "a")
    purges = Purges(world.ledger)
    order = Order("ada", "because", request_id="once")
    first = purges.purge("p", order)
    list(purges.chunks())
    ended(world, "p", "a")
    before = world.dump()
    assert purges.purge("p", order) == first
    assert world.dump() == before


def test_a_draft_can_be_purged(world: LedgerWorld) -> None:
    world.open("p", 2)
    purges = Purges(world.ledger)
    assert purges.purge("p", SYSTEM).answer is Taken.ACCEPTED
    assert list(purges.chunks()) == [("p", 0)]
    assert keys_of(world, "p") == []
    assert world.client.zcard(world.keys.of("drafts")) == 0


def test_a_plan_that_runs_again_does_not_expire(world: LedgerWorld) -> None:
    ended(world, "gone", "x")
    (task,) = ended(world, "p", "a")
    purges = Purges(world.ledger)
    assert [plan_id for plan_id, _ in purges.expired(0, 10)[0]] == ["gone", "p"]
    assert purges.expired(3600, 10) == ([], [])
    world.ask("rollback", task)
    assert [plan_id for plan_id, _ in purges.expired(0, 10)[0]] == ["gone"]
    world.serve("p")
    world.finish(task)
    assert [plan_id for plan_id, _ in purges.expired(0, 10)[0]] == ["gone", "p"]


class Failing:
    """An archive that keeps no plan of this id."""

    def __init__(self, plan_id: str) -> None:
        self.plan_id = plan_id
        self.kept: list[str] = []

    def keep(self, plan_id: str, last_plan_sequence_id: int, lines: Iterable[Line]) -> None:
        if plan_id == self.plan_id:
            raise ArchiveUnavailable("disk full")
        self.kept.append(plan_id)
        assert len(list(lines)) > last_plan_sequence_id


def test_a_plan_that_cannot_be_archived_stays_and_holds_up_no_other(world: LedgerWorld) -> None:
    for plan_id in ("p1", "p2", "p3"):
        ended(world, plan_id, f"tenant-of-{plan_id}")
    archive = Failing("p1")
    retention = Retention(Purges(world.ledger), world.reader, 0, archive)
    while retention.step():
        pass
    assert archive.kept == ["p2", "p3"]
    assert world.reader.plan_ids() == ["p1"]


def test_without_a_retention_only_what_a_person_purged_is_cleared_away(world: LedgerWorld) -> None:
    ended(world, "p", "a")
    ended(world, "q", "b")
    Purges(world.ledger).purge("q", SYSTEM)
    assert Retention(Purges(world.ledger), world.reader, None, None).step() == 0
    assert keys_of(world, "q") == []
    assert world.status("p") == "COMPLETED"


def test_plans_that_an_older_release_ended_are_filed(world: LedgerWorld) -> None:
    ended(world, "p", "a")
    world.started("running", ["b"])
    world.client.delete(world.keys.of("ended"))
    retention = Retention(Purges(world.ledger), world.reader, 0, None)
    assert retention.step() == 1
    assert world.reader.plan_ids() == ["running"]


def test_the_archive_holds_the_plan_whole_and_once(world: LedgerWorld, tmp_path: Path) -> None:
    ended(world, "p", "a", "b")
    events = world.kinds(plan_id="p")
    for _ in range(2):
        seen = int(world.reader.plan_record("p")["planSeq"])
        FolderArchive(tmp_path / "kept").keep("p", seen, plan_lines(world.reader, "p"))
        DatabaseArchive(f"sqlite:///{tmp_path}/kept.db", "ns").keep("p", seen, plan_lines(world.reader, "p"))
    (file,) = (tmp_path / "kept").iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert file.name == f"p@{seen}.jsonl"
    assert [line["kind"] for line in lines] == ["plan", "task", "task", *["event"] * len(events)]
    assert lines[0]["plan"]["status"] == "COMPLETED"
    assert lines[1]["task"]["config"]["tenant_id"] == "a"
    assert [line["event"]["type"] for line in lines[3:]] == events
    with create_engine(f"sqlite:///{tmp_path}/kept.db").connect() as connection:
        rows = connection.execute(text("select content from changeover_archive order by line")).scalars().all()
    assert [json.loads(row) for row in rows] == lines


def test_an_archive_that_is_cut_off_leaves_no_half_file(world: LedgerWorld, tmp_path: Path) -> None:
    def cut_off() -> Iterable[Line]:
        yield {"kind": "plan", "plan": {}}
        raise OSError("gone")

    with pytest.raises(ArchiveUnavailable):
        FolderArchive(tmp_path).keep("p", 1, cut_off())
    assert list(tmp_path.iterdir()) == []


def test_what_a_namespace_holds_does_not_grow_with_plans_that_went(world: LedgerWorld) -> None:
    retention = Retention(Purges(world.ledger), world.reader, 0, None)

    def round_of_plans(first: int) -> int:
        for number in range(first, first + 5):
            ended(world, f"p{number}", *(f"t{i}" for i in range(20)))
        while retention.step():
            pass
        world.client.xtrim(world.keys.of("feed"), maxlen=0)
        world.wakes()
        return sum(":plan-seq:" not in key for key in world.dump())

    once = round_of_plans(0)
    assert [round_of_plans(first) for first in (5, 10)] == [once, once]


def test_what_is_damaged_or_cannot_be_archived_never_keeps_what_ended_after_it(world: LedgerWorld) -> None:
    for number in range(25):
        ended(world, f"p{number}", f"t{number}")
    world.client.delete(world.keys.of("plan", "p0"))
    world.client.set(world.keys.of("plan", "p1"), "no record")
    for number in range(2, 24):
        world.client.hdel(world.keys.of("plan", f"p{number}"), "name")
    retention = Retention(Purges(world.ledger), world.reader, 0, Failing("none"))
    for _ in range(3):
        retention.step()
    assert not world.reader.plan_record("p24")
    world.client.flushdb()


def test_a_tenant_that_is_held_can_be_released_whatever_was_purged(world: LedgerWorld) -> None:
    (holder,) = world.started("old", ["a"])
    purges = Purges(world.ledger)
    for number in range(25):
        (task,) = world.plan(f"p{number}", ["a"])
        world.ask("cancel", task)
    for number in range(25):
        purges.purge(f"p{number}", SYSTEM)
    list(purges.chunks())
    reply = world.operations.release_tenant("a", Order("ada", "stuck", force=True))
    assert (reply.answer, reply.what) == (Taken.ACCEPTED, holder)


def test_a_purged_plans_successor_has_other_idempotency_keys(world: LedgerWorld) -> None:
    def created() -> str:
        (task,) = world.started("p", ["a"])
        _, record = world.ledger.begin(world.turn(task), "worker")
        assert isinstance(record, TurnRecord)
        world._records[task] = record
        while world.succeed(task) is Ended.NEXT:
            world.begin(task)
        return _idempotency_key(Run(world.turn(task), record))

    first = created()
    Purges(world.ledger).purge("p", SYSTEM)
    list(Purges(world.ledger).chunks())
    assert created() != first
