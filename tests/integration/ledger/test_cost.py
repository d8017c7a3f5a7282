"""What a stage costs Redis, counted: commands, and functions that a script defines at its start. No loaded machine
changes either."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import pytest

from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import Onward, StageRow
from orchestrator.ledger.script_source import named_script
from tests.support.counting import counted
from tests.support.ledger_world import LedgerWorld

# What each took when it was last looked at, and a few more; with timeouts, another few. Who adds a command to every
# stage says what it is worth, with what `python -m benchmarks stage` shows before and after.
MOST: Final = {"begin": 32, "next stage": 31, "next task": 128, "last task": 86}
MOST_DEFINED: Final = {"begin": (41, 1), "advance": (50, 97), "poll_again": (27, 0), "renew": (30, 0)}
"""Functions that a script defines at its start, and once more than a stage's end is asked for."""


def moved(world: LedgerWorld, tasks: Iterable[str]) -> dict[str, int]:
    """Commands of each part of the way of these tasks, which one worker moves one after the other."""
    cost: dict[str, int] = {}
    for task in tasks:
        turn = world.turn(task)
        if world.task(task)["lease"] == "queued":
            with counted(world.client) as work:
                begun, _ = world.ledger.begin(turn, "worker")
            cost["begin"] = work.commands
            # The same call again is answered alike; the world keeps what it says.
            assert begun is world.begin(task) is Begun.BEGUN
        ended = Ended.BEGUN
        while ended is Ended.BEGUN:
            turn = world.turn(task)
            with counted(world.client) as work:
                done = world.advance_turn(turn, Onward("worker"))
            ended = done.ended
            part = "next stage" if ended is Ended.BEGUN else "next task" if done.task else "last task"
            cost[part] = work.commands
    return cost


@pytest.mark.parametrize("seconds", [None, 600.0], ids=["without timeouts", "with timeouts"])
def test_a_stage_takes_no_more_commands_than_it_did(world: LedgerWorld, seconds: float | None) -> None:
    stages = [StageRow(name, seconds) for name in ("one", "two", "three")]
    for plan_id in ("first", "p"):
        tasks = world.started(plan_id, ["a", "b"], max_concurrency=1, stages=stages, task_timeout_seconds=seconds)
        cost = moved(world, tasks)
    extra = 5 if seconds else 0
    assert {part: count for part, count in cost.items() if count > MOST[part] + extra} == {}
    assert set(cost) == set(MOST)


@pytest.mark.parametrize("name", MOST_DEFINED)
def test_what_a_stage_calls_defines_no_more_functions_than_it_needs(name: str) -> None:
    """A name that is also that of a function brings in all that this one reaches: rename it, or say ``@rare``."""
    at_once, *lower = re.split(r"^define_(?=[ER] = function)", named_script(name)[1], flags=re.MULTILINE)
    later = "".join(part for part in lower if part.startswith("E"))
    defined = tuple(len(re.findall(r"^(?:local )?function ", part, re.MULTILINE)) for part in (at_once, later))
    assert all(one <= most for one, most in zip(defined, MOST_DEFINED[name], strict=True)), defined
