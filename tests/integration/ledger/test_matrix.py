"""The full matrix: every state of a task and of a plan, with its variants, times every operation, on the real ledger.

The situations are made on the ledger and on the model at once; the model, whose moves come from the whole transition
table, says what is to be answered and written. What each cell is stands in the table below, written out by hand.
"""

from __future__ import annotations

import pytest

from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.transitions import Trigger
from tests.support.ledger_world import LedgerWorld
from tests.support.matrix import PLANS, TASKS
from tests.support.pair import Pair
from tests.support.whole_table import PLAN_MOVES, TASK_MOVES

OPERATIONS = ("pause", "resume", "cancel", "retry", "scratch", "rollback")


@pytest.fixture
def pair(world: LedgerWorld) -> Pair:
    return Pair(world)


WORDS = {"A": "ACCEPTED", "N": "NOOP", "R": "REFUSED"}


def expected(cell: str) -> tuple[str, str]:
    letter, _, why = cell.partition(":")
    return WORDS[letter], why


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("situation", TASKS)
def test_task(pair: Pair, situation: str, operation: str) -> None:
    make, state, cells = TASKS[situation]
    make(pair)
    assert pair.model.tasks["p.0"].status is state
    cell = cells.split()[OPERATIONS.index(operation)]

    # The pair compares answer, states, flags, holders, queues and events with the model, and that a no-op and a
    # refusal write nothing.
    reply = pair.ask("retry" if operation == "scratch" else operation, "p.0", from_scratch=operation == "scratch")

    assert (reply.answer, reply.why) == expected(cell)
    # The replies may have been lost: every request on the way here again, this one last.
    pair.ask_all_again()
    now = TaskState(reply.status)
    if now is not state:
        trigger = Trigger.RETRY if operation == "scratch" else Trigger(operation.replace("rollback", "pause"))
        assert TASK_MOVES[state, trigger] is now
    if reply.why == "state":
        trigger = {"scratch": Trigger.RETRY, "rollback": Trigger.ROLL_BACK}.get(operation) or Trigger(operation)
        assert (state, trigger) not in TASK_MOVES


@pytest.mark.parametrize("operation", ["pause", "resume", "cancel", "rollback"])
@pytest.mark.parametrize("situation", PLANS)
def test_plan(pair: Pair, situation: str, operation: str) -> None:
    make, state, cells = PLANS[situation]
    make(pair)
    assert pair.model.plans["p"].status is state
    cell = cells.split()[("pause", "resume", "cancel", "rollback").index(operation)]

    reply = pair.ask(operation, "p")

    assert (reply.answer, reply.why) == expected(cell)
    pair.ask_all_again()
    trigger = Trigger(operation.replace("rollback", "roll_back"))
    if PlanState(reply.status) is not state:
        assert PLAN_MOVES[state, trigger] is PlanState(reply.status)
    if reply.why == "state":
        assert (state, trigger) not in PLAN_MOVES


def test_every_state_is_in_the_matrix() -> None:
    assert {state for _, state, _ in TASKS.values()} == set(TaskState)
    # A draft is refused everything: see test_drafts.
    assert {state for _, state, _ in PLANS.values()} == set(PlanState) - {PlanState.CREATED}
    assert set(PlanState) >= PLAN_ENDED


@pytest.mark.parametrize("operation", ["pause", "resume", "cancel", "retry", "rollback"])
def test_what_does_not_exist_is_missing(world: LedgerWorld, operation: str) -> None:
    assert world.ask(operation, "nowhere.0").answer == "MISSING"
    if operation != "retry":
        assert world.ask(operation, "nowhere").answer == "MISSING"
