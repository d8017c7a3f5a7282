"""A plan bound to a preview is not committed once one of its tenants has moved, and moves none that has moved since."""

from __future__ import annotations

import pytest

from orchestrator.domain.errors import TenantsMoved
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Committed, Ended, Written
from orchestrator.plans.preview_digest import tenant_mark
from tests.support.ledger_world import LedgerWorld, config


def rows(world: LedgerWorld, *tenants: str) -> list[tuple[str, str, str]]:
    """As a submit writes them that has just looked at them."""
    records = world.reader.tenant_records(tenants)
    marks = [tenant_mark(record) for record in records]
    return [(tenant, config(tenant, "p"), mark + "{}") for tenant, mark in zip(tenants, marks, strict=True)]


def draft(world: LedgerWorld, *tenants: str, plan_id: str = "p") -> None:
    world.open(plan_id, len(tenants), stages=["one"])
    assert world.ledger.write_chunk(plan_id, "d", 0, rows(world, *tenants)) is Written.WRITTEN


def moved_by(world: LedgerWorld, plan_id: str, *tenants: str) -> list[str]:
    return world.started(plan_id, tenants, stages=["one"])


def test_what_has_not_moved_is_committed_and_moves(world: LedgerWorld) -> None:
    world.finish(moved_by(world, "before", "a")[0])
    draft(world, "a", "b")
    world.finish(moved_by(world, "beside", "c")[0])
    assert world.ledger.commit_plan("p", "d")[0] is Committed.READY
    assert world.serve("p") == ["p.0", "p.1"]
    assert world.finish("p.0") is Ended.COMPLETED
    # Its own move is none that would be in its way.
    assert world.break_stage("p.1") is Ended.FAILED
    assert world.ask("retry", "p.1").answer == "ACCEPTED"
    assert world.serve("p") == ["p.1"]


def test_a_chunk_of_tenants_that_are_not_as_they_were_seen_is_not_written(world: LedgerWorld) -> None:
    world.open("p", 2, stages=["one"])
    seen = rows(world, "a", "b")
    world.begin(moved_by(world, "other", "b")[0])
    assert world.ledger.write_chunk("p", "d", 0, seen) is Written.MOVED
    assert world.status("p") == "CREATED"
    with pytest.raises(TenantsMoved, match=r"1 of its tenants \(b\) moved since the preview"):
        world.ledger.commit_plan("p", "d")


@pytest.mark.parametrize("change", ["begins", "ends", "goes back"])
def test_the_commit_is_refused_after_any_change_since_the_chunk(world: LedgerWorld, change: str) -> None:
    (other,) = moved_by(world, "other", "b")
    if change != "begins":
        world.begin(other)
    if change == "goes back":
        world.succeed(other)
        world.ask("rollback", other)
        world.serve("other")
        world.begin(other)
    draft(world, "a", "b")
    if change == "begins":
        world.begin(other)
    else:
        world.succeed(other)
    with pytest.raises(TenantsMoved) as refused:
        world.ledger.commit_plan("p", "d")
    assert refused.value.tenant_ids == ["b"]
    assert world.status("p") == "CREATED"
    assert "PlanReady" not in world.kinds(plan_id="p")


def test_every_draft_of_the_tenant_is_told(world: LedgerWorld) -> None:
    draft(world, "a", plan_id="first")
    draft(world, "a", plan_id="second")
    world.begin(moved_by(world, "other", "a")[0])
    for plan_id in ("first", "second"):
        with pytest.raises(TenantsMoved):
            world.ledger.commit_plan(plan_id, "d")


def test_many_that_have_moved_are_counted_and_the_first_are_named(world: LedgerWorld) -> None:
    tenants = [f"t{number}" for number in range(12)]
    draft(world, *tenants)
    for task_id in world.started("other", tenants, stages=["one"], max_concurrency=12):
        world.begin(task_id)
    with pytest.raises(TenantsMoved, match=r"12 of its tenants \(t0, t1, .*t9, \.\.\.\) moved"):
        world.ledger.commit_plan("p", "d")


def test_one_that_is_moved_after_the_commit_is_given_up_at_its_admission(world: LedgerWorld) -> None:
    draft(world, "a", "b")
    world.ledger.commit_plan("p", "d")
    world.finish(moved_by(world, "other", "a")[0])
    assert world.serve("p") == ["p.1"]
    assert world.task("p.0")["cancelledBy"] == "system: the tenant has been moved since by other.0"
    assert world.finish("p.1") is Ended.COMPLETED
    assert world.status("p") == "CANCELLED"

    by_force = Order("ada", "it may", from_scratch=True, force=True)
    assert world.ask("retry", "p.0", Order("ada", "again", from_scratch=True)).why == "moved"
    assert world.ask("retry", "p.0", by_force).answer == "ACCEPTED"
    assert world.serve("p") == ["p.0"]
    assert world.finish("p.0") is Ended.COMPLETED
