"""Orders by tenant where several plans are to move it, and none stands in its line: no order acts on another plan's
task and says nothing of it."""

from __future__ import annotations

import pytest

from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.operations import Operator
from orchestrator.control.status import StatusReader
from orchestrator.control.target import OperationTarget
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.operations import Operation, Order
from tests.support.ledger_world import LedgerWorld

T = OperationTarget("tenant", "t")
GATED = FleetRules(2, None, "pause", (Wave("canary", 1, gate="manual"), Wave("rest", 1)))


@pytest.fixture
def operator(world: LedgerWorld) -> Operator:
    return Operator(world.ledger, world.reader)


def wait_at_their_gates(world: LedgerWorld, *plan_ids: str) -> None:
    """Each has moved a canary of its own; the tenant comes after the gate."""
    for plan_id in plan_ids:
        world.started(plan_id, [f"canary-{plan_id}", "t"], rules=GATED, wave_of=[0, 1])
        world.finish(f"{plan_id}.0")
        world.serve(plan_id)


@pytest.mark.parametrize("operation", Operation)
def test_an_order_by_tenant_is_refused_with_the_list_where_several_plans_are_to_move_it(
    operation: Operation, world: LedgerWorld, operator: Operator
) -> None:
    wait_at_their_gates(world, "ta", "tb")
    before = world.state()

    answer = operator.operate(operation, T, Order("ada"))

    assert world.state() == before
    assert not answer.accepted
    assert answer.message == (
        "it has 2 open tasks, and the order is for one: ta.1 of plan ta (PENDING), tb.1 of plan tb (PENDING); say "
        f"which with --task, such as `changeover {operation} --task ta.1`"
    )


def test_who_asks_for_a_tenant_is_told_of_all_its_open_tasks(world: LedgerWorld) -> None:
    wait_at_their_gates(world, "ta", "tb")

    status = StatusReader(world.reader).tenant("t")
    assert [one.task_id for one in status.other_tasks] == ["ta.1"]
    said = Explainer(world.ledger, world.reader, world.settings).tenant("t").remarks[0]
    assert said.situation == Situation.OTHER_TASKS
    assert (
        said.sentence
        == f"this is task {status.task_id} of plan tb; tenant t has more open tasks: ta.1 of plan ta (PENDING)"
    )
    assert said.commands == ["changeover explain --task ta.1"]


def test_the_only_open_task_is_meant_though_a_newer_one_has_ended(world: LedgerWorld, operator: Operator) -> None:
    wait_at_their_gates(world, "ta", "tb")
    operator.operate(Operation.CANCEL, OperationTarget("task", "tb.1"), Order("ada"))

    answer = operator.operate(Operation.CANCEL, T, Order("ada"))

    assert (answer.accepted, answer.task_id, answer.message) == (True, "ta.1", "task ta.1 of plan ta: done")
    repeated = operator.operate(Operation.CANCEL, T, Order("ada", request_id=answer.request_id))
    assert (repeated.accepted, repeated.task_id) == (True, "ta.1")


def test_its_holder_is_paused_and_resumed_and_the_others_are_told(world: LedgerWorld, operator: Operator) -> None:
    world.started("ta", ["t"])
    world.begin("ta.0")
    wait_at_their_gates(world, "tb")

    answer = operator.operate(Operation.PAUSE, T, Order("ada"))

    assert (answer.accepted, answer.task_id) == (True, "ta.0")
    assert answer.message.startswith("task ta.0 of plan ta: pauses at the end")
    assert [one.task_id for one in StatusReader(world.reader).tenant("t").other_tasks] == ["tb.1"]
    assert operator.operate(Operation.RESUME, T, Order("ada")).task_id == "ta.0"
    # Given up, it would let the other plan move the tenant at once.
    assert not operator.operate(Operation.CANCEL, T, Order("ada")).accepted


def test_a_rollback_is_for_who_moved_the_tenant_where_the_newest_touched_nothing(
    world: LedgerWorld, operator: Operator
) -> None:
    world.started("ta", ["t"])
    world.finish("ta.0")
    wait_at_their_gates(world, "tb")
    operator.operate(Operation.CANCEL, T, Order("ada"))
    assert StatusReader(world.reader).tenant("t").task_id == "ta.0"

    answer = operator.operate(Operation.ROLLBACK, T, Order("ada"))

    assert (answer.accepted, answer.task_id) == (True, "ta.0")


def test_a_rollback_between_plans_names_who_moved_the_tenant_last(world: LedgerWorld, operator: Operator) -> None:
    world.started("ta", ["t"])
    world.finish("ta.0")
    wait_at_their_gates(world, "tb", "tc")

    answer = operator.operate(Operation.ROLLBACK, T, Order("ada", force=True))

    assert not answer.accepted
    assert answer.message.endswith(
        "; ta.0 moved it last; say which with --task, such as `changeover rollback --task ta.0 --force`"
    )


def test_no_task_of_a_draft_is_in_the_way(world: LedgerWorld, operator: Operator) -> None:
    world.started("ta", ["t"])
    world.open("tb", 1)
    world.ledger.write_chunk("tb", "d", 0, [("t", "{}")])

    assert operator.operate(Operation.CANCEL, T, Order("ada")).task_id == "ta.0"
