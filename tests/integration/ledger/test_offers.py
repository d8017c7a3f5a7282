"""In every state of a task and of a plan, whatever `explain` offers is accepted: by the ledger, and by the model, which
knows nothing of how it was found."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from orchestrator.control.explain import Explainer
from tests.support.ledger_world import LedgerWorld
from tests.support.matrix import PLANS, TASKS, Make
from tests.support.pair import Pair

SITUATIONS = {f"task {name}": make for name, (make, _, _) in TASKS.items()} | {
    f"plan {name}": make for name, (make, _, _) in PLANS.items()
}
OPERATIONS = ("pause", "resume", "cancel", "retry", "rollback")


@pytest.fixture
def pairs(worlds: Callable[[], LedgerWorld]) -> Callable[[Make], Pair]:
    """The situation in a new namespace."""

    def made(make: Make) -> Pair:
        pair = Pair(worlds())
        make(pair)
        return pair

    return made


def offered(pair: Pair) -> set[str]:
    """Commands of operations that are said of any task or plan there is; those of a cause, and of what was cancelled,
    have tests of their own."""
    world = pair.world
    explainer = Explainer(world.ledger, world.reader, world.settings)
    before = world.state()
    said = [explainer.task(task_id) for task_id in pair.model.tasks] + [
        explainer.plan(name) for name in pair.model.plans
    ]
    assert world.state() == before, "explaining has written something"
    commands = {command for one in said for remark in one.remarks for command in remark.commands}
    return {
        one
        for one in commands
        if shlex.split(one)[1] in OPERATIONS and not {"--cause", "--cancelled"} & set(shlex.split(one))
    }


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_offered_is_accepted(situation: str, pairs: Callable[[Make], Pair]) -> None:
    make = SITUATIONS[situation]
    for command in offered(pairs(make)):
        pair = pairs(make)
        _, operation, _, target, *options = shlex.split(command)
        reply = pair.ask(operation, target, from_scratch="--from-scratch" in options, force="--force" in options)
        assert reply.answer == "ACCEPTED", f"{command}: {reply}"


def test_something_is_offered_where_somebody_is_needed(pairs: Callable[[Make], Pair]) -> None:
    waits_for_somebody = ("PAUSED", "PAUSED by its plan", "FAILED", "CANCELLED between stages", "ROLLBACK_FAILED")
    for name in waits_for_somebody:
        assert offered(pairs(SITUATIONS[f"task {name}"])), name
