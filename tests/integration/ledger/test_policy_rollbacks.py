"""Failures that their plan takes back by policy (``auto_rollback``): what counts, what waits, what a person answers."""

from __future__ import annotations

import pytest

from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Ended
from tests.support.history import judged
from tests.support.ledger_world import ME, LedgerWorld


def counts(world: LedgerWorld) -> tuple[int, int]:
    record = world.reader.plan_record("p")
    return int(record.get("n:accepted", 0)), int(record.get("n:takenBack", 0))


def fleet(world: LedgerWorld, tenants: str, tolerance: Tolerance | None = None, *, policy: bool = True) -> list[str]:
    """A plan of one-letter tenants; the coordinator has looked at it once."""
    rules = FleetRules(len(tenants), tolerance, auto_rollback=policy)
    world.plan("p", tenants, stages=["one", "two"], max_concurrency=10, rules=rules)
    return world.serve("p")


def test_a_failed_task_goes_back_by_itself_once(world: LedgerWorld) -> None:
    (task,) = fleet(world, "a")
    world.stage(task)
    since = world.now()
    world.break_stage(task)
    assert [event.type for event in world.events(since)][-2:] == ["PlanProgress", "OperationRequested"]
    asked = world.events(since)[-1]
    assert (getattr(asked, "actor", ""), getattr(asked, "operation", "")) == ("policy", "rollback")
    assert (world.status("p"), world.task(task)["rollbackRequested"]) == ("RUNNING", "1")
    assert world.serve("p") == [task]
    # A way back that fails is left to a person.
    world.break_stage(task)
    assert (world.status(task), world.status("p"), world.serve("p")) == ("ROLLBACK_FAILED", "FAILED", [])


def test_what_went_back_by_policy_counts_for_the_breaker(world: LedgerWorld) -> None:
    ids = fleet(world, "abcdef", Tolerance(2, strict=False))
    for task_id in ids[:2]:
        world.break_stage(task_id)
        assert world.serve("p") == [task_id]
        assert world.finish(task_id) is Ended.ROLLED_BACK
    assert counts(world) == (0, 2)
    assert "PlanBreakerTripped" not in world.kinds()
    world.break_stage(ids[2])
    assert "PlanBreakerTripped" in world.kinds()
    world.serve("p")
    world.break_stage(ids[2])
    assert (world.status(ids[2]), counts(world)) == ("ROLLBACK_FAILED", (0, 2))
    assert world.kinds().count("PlanBreakerTripped") == 1
    assert world.ask("resume", "p").what.startswith("3 2")


def test_nothing_to_go_back_to_and_nothing_declared_change_nothing(world: LedgerWorld) -> None:
    (task,) = fleet(world, "a", policy=False)
    world.break_stage(task)
    assert (world.status("p"), world.serve("p")) == ("FAILED", [])


def test_a_retry_after_the_way_back_counts_anew(world: LedgerWorld) -> None:
    (task,) = fleet(world, "a", Tolerance(5, strict=False))
    world.break_stage(task)
    world.serve("p")
    world.finish(task)
    assert (world.status("p"), counts(world)) == ("ROLLED_BACK", (0, 1))
    world.ask("retry", task, Order(ME.actor, from_scratch=True))
    assert counts(world) == (0, 0)
    world.serve("p")
    world.finish(task)
    assert world.status("p") == "COMPLETED"


@pytest.mark.parametrize("failing", [1, 3])
def test_a_gate_waits_also_when_all_its_wave_failed_and_went_back(world: LedgerWorld, failing: int) -> None:
    waves = (Wave("canary", failing, gate="manual"), Wave("rest", 1))
    rules = FleetRules(failing + 1, None, "pause", waves, auto_rollback=True)
    tenants = list("abcd"[: failing + 1])
    world.plan("p", tenants, rules=rules, wave_of=[0] * failing + [1], stages=["one"], max_concurrency=4)
    for task_id in world.serve("p"):
        world.break_stage(task_id)
    for task_id in world.serve("p"):
        assert world.finish(task_id) is Ended.ROLLED_BACK
    assert (world.serve("p"), world.kinds()[-1]) == ([], "PlanGateWaiting")
    assert judged(world.client, world.keys).holds


@pytest.mark.parametrize("way", ["accept", "resume"])
def test_what_a_person_takes_back_does_not_count_again(world: LedgerWorld, way: str) -> None:
    rules = FleetRules(3, Tolerance(0, strict=False), "pause", (), auto_rollback=True)
    ids = world.plan("p", list("abc"), rules=rules, stages=["one"], max_concurrency=1)
    for _ in ("move", "way back"):
        assert world.serve("p") == [ids[0]]
        world.break_stage(ids[0])
    if way == "accept":
        FailureAnswers(world.ledger).on_task("accept", ids[0], Order("ada", "because"))
    world.ask("resume", "p", Order(ME.actor, accept_failures=way == "resume"))
    assert world.serve("p") == [ids[1]]
    world.ask("rollback", ids[0])
    world.finish(ids[1])
    world.serve("p")
    assert world.finish(ids[0]) is Ended.ROLLED_BACK
    assert counts(world) == (0, 0)
    assert world.serve("p") == [ids[2]]
    assert judged(world.client, world.keys).holds
