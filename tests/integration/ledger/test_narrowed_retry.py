"""`retry --plan` narrowed to a stage, a cause or some tenants: those and no others, once a request."""

from __future__ import annotations

import pytest

from orchestrator.control.narrowed_retry import NarrowedRetry, Narrowing
from orchestrator.domain.errors import InvalidInput, NotFound
from orchestrator.domain.events import FailureInfo
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from tests.support.ledger_world import LedgerWorld

FAILURES = {
    "eu-1": ("one", "Broken"),
    "eu-2": ("one", "TimedOut"),
    "us-1": ("one", "Broken"),
    "us-2": ("two", "Broken"),
}


@pytest.fixture
def failed(world: LedgerWorld) -> LedgerWorld:
    """Four tasks that failed, in plan order, and one that did not."""
    world.started("p", [*FAILURES, "eu-9"], max_concurrency=5)
    for position, (stage, kind) in enumerate(FAILURES.values()):
        task_id = f"p.{position}"
        if stage == "two":
            world.stage(task_id)
        world.begin(task_id)
        world.ledger.fail(world.turn(task_id), FailureInfo(type=kind, message="it broke", stage_name=stage))
    return world


def retry(world: LedgerWorld, narrowing: Narrowing, order: Order | None = None) -> tuple[bool, str]:
    found = NarrowedRetry(world.operations, world.reader, 2).of_plan("p", narrowing, order or Order("ada"))
    return found.accepted, found.message


def retried(world: LedgerWorld) -> list[str]:
    return [task_id for task_id in (f"p.{n}" for n in range(5)) if "retries" in world.task(task_id)]


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        (Narrowing(cause="Broken"), ["p.0", "p.2", "p.3"]),
        (Narrowing(stage="one"), ["p.0", "p.1", "p.2"]),
        (Narrowing(tenants="eu-*"), ["p.0", "p.1"]),
        (Narrowing(tenants="us-2"), ["p.3"]),
        (Narrowing(cause="Time*"), ["p.1"]),
        (Narrowing(cause="broken", tenants="*-2"), ["p.3"]),
        (Narrowing("one", "Broken", "us-*"), ["p.2"]),
    ],
    ids=str,
)
def test_only_what_is_named_is_retried(failed: LedgerWorld, narrowing: Narrowing, expected: list[str]) -> None:
    assert retry(failed, narrowing) == (True, f"{len(expected)} of {len(expected)} such failed tasks will be retried")
    assert retried(failed) == expected


def test_nothing_fits(failed: LedgerWorld) -> None:
    for none in (Narrowing(cause="Broke"), Narrowing(tenants="eu-?"), Narrowing(tenants="[eu]*")):
        assert retry(failed, none) == (False, "it has no such failed task")
    for empty in (Narrowing(cause=""), Narrowing(tenants="")):
        with pytest.raises(InvalidInput, match="expected a name, or a pattern"):
            retry(failed, empty)
    assert retried(failed) == []
    with pytest.raises(NotFound):
        NarrowedRetry(failed.operations, failed.reader).of_plan("q", Narrowing(cause="x"), Order("ada"))


def test_the_same_request_again_retries_nothing_twice(failed: LedgerWorld) -> None:
    order = Order("ada", request_id="r1")
    first = retry(failed, Narrowing(stage="one"), order)
    failed.serve("p")
    failed.begin("p.0")
    failed.ledger.fail(failed.turn("p.0"), FailureInfo(type="Broken", message="again", stage_name="one"))
    before = failed.state()
    assert retry(failed, Narrowing(stage="one"), order) == first
    assert failed.state() == before
    with pytest.raises(InvalidInput, match="it was used to retry plan p stage one"):
        retry(failed, Narrowing(stage="two"), order)


def test_a_plan_that_has_ended_runs_again(failed: LedgerWorld) -> None:
    failed.finish("p.4")
    assert failed.status("p") == "FAILED"
    assert retry(failed, Narrowing(stage="one"))[0]
    assert failed.status("p") == "RUNNING"
    assert failed.kinds().count("PlanReopened") == 1


def test_a_wave_that_is_still_asked_to_go_back_goes_back_first(world: LedgerWorld) -> None:
    """As of the retry of a whole plan: nobody knows yet who of it goes back."""
    rules = FleetRules(3, Tolerance(0, strict=False), "rollback_wave", (Wave("all", 3),))
    world.started("p", "abc", max_concurrency=3, rules=rules, wave_of=[0, 0, 0])
    world.finish("p.0")
    world.break_stage("p.1")
    before, order = world.state(), Order("ada", from_scratch=True)
    found, message = retry(world, Narrowing(cause="*"), order)
    assert not found, message
    assert world.state() == before
    world.serve("p")
    for task_id in ("p.1", "p.0"):
        world.finish(task_id)
    assert retry(world, Narrowing(tenants="*"), Order("ada", from_scratch=True))[0]


def test_why_others_were_refused_is_counted(failed: LedgerWorld) -> None:
    for task_id in ("p.0", "p.2"):
        failed.use_up_retries(task_id)
    accepted, message = retry(failed, Narrowing(cause="Broken"))
    assert accepted
    assert message.startswith("1 of 3 such failed tasks will be retried; refused: 2: it has been retried 3 times")
