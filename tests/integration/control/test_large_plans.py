"""What `explain` says of a plan that is too large to be looked at whole for damage: counts are of all tasks, what is
lost is found wherever it is, and how many were looked at is told, with the command that looks at all."""

from __future__ import annotations

import pytest
import redis

from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.explain.steps import Looks, Steps, steps_of
from orchestrator.ledger.survey import TASKS_A_STEP, TaskGroup
from orchestrator.settings.model import Settings
from tests.support.hands import as_text
from tests.support.ledger_world import LedgerWorld
from tests.support.table_steps import Do, then

FIRST, LAST = f"p.{TASKS_A_STEP - 1}", f"p.{TASKS_A_STEP}"
"""On both sides of the border of two steps."""


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """A plan of one task more than a step has: two run, the others wait."""
    world = LedgerWorld(redis_client, settings)
    world.started("p", [f"t{number}" for number in range(TASKS_A_STEP + 1)], max_concurrency=2)
    return world


def explained(world: LedgerWorld, *, whole: bool = False, looks: int = 1) -> tuple[list[str], list[str], str]:
    """The damaged, the remarks that not all was looked at, and the rest."""
    explainer = Explainer(world.ledger, world.reader, world.settings, looks=Looks(whole=looks, of_larger=1))
    remarks = explainer.plan("p", whole=whole).remarks
    kinds = (Situation.DAMAGED, Situation.DAMAGED_PLAN_KEY)
    not_all = [one for one in remarks if one.situation == Situation.NOT_ALL_LOOKED_AT]
    assert all(one.commands == ["changeover explain --plan p --whole"] for one in not_all)
    others = [one.sentence for one in remarks if one.situation not in (*kinds, Situation.NOT_ALL_LOOKED_AT)]
    return (
        [one.sentence for one in remarks if one.situation in kinds],
        [one.sentence for one in not_all],
        "\n".join(others),
    )


def test_how_many_were_looked_at_is_told_and_the_whole_look_finds_the_rest(world: LedgerWorld) -> None:
    for task in (FIRST, LAST):
        world.client.hset(world.keys.of("task", task), "attempt", "many")
    as_text(world, world.keys.of("line", f"t{TASKS_A_STEP}"))
    found, not_all, rest = explained(world)
    assert [FIRST in one for one in found] == [True]
    assert [one.partition(" for damage")[0] for one in not_all] == ["500 of its 501 tasks were looked at"]
    assert "499 tasks wait (499 in the plan's queue)" in rest
    for whole, looks in ((True, 1), (False, 2)):
        found, not_all, same = explained(world, whole=whole, looks=looks)
        assert (len(found), not_all, same) == (3, [], rest)
        named = zip((FIRST, LAST, f":line:t{TASKS_A_STEP}"), found, strict=True)
        assert [name in sentence for name, sentence in named] == [True] * 3


def test_what_is_lost_is_found_wherever_it_is(world: LedgerWorld) -> None:
    task, tenant = world.keys.of("task", LAST), world.keys.of("tenant", f"t{TASKS_A_STEP}")
    before = [(key, world.client.dump(key)) for key in (task, tenant)]
    hands: dict[str, Do] = {
        "gone": lambda _: world.client.delete(task),
        "another kind": lambda _: as_text(world, task),
        "a state of nobody": lambda _: world.client.hset(task, "status", "BROKEN"),
        "no tenant": lambda _: world.client.hdel(task, "tenant"),
        "its tenant": then(lambda _: world.client.hset(task, "waitingSince", "1"), lambda _: as_text(world, tenant)),
    }
    told = {}
    for name, hand in hands.items():
        hand(world)
        found, not_all, _ = explained(world)
        told[name] = [LAST in one for one in found], [one.partition(" for damage")[0] for one in not_all]
        for key, dump in before:
            world.client.restore(key, 0, dump or b"", replace=True)
    assert told == dict.fromkeys(hands, ([True], ["1 of its 501 tasks were looked at"]))


def test_what_is_lost_where_nobody_looked_is_counted(world: LedgerWorld) -> None:
    last = world.keys.of("task", LAST)
    world.client.delete(world.keys.of("task", FIRST))
    world.client.hset(last, "waitingSince", "1")
    as_text(world, world.keys.of("tenant", f"t{TASKS_A_STEP}"))
    for what in ("keys are damaged: mend these and ask again", "tasks are damaged"):
        (first, more), _, _ = explained(world)
        assert (FIRST in first, more) == (True, f"and 1 more {what}")
        assert not [one for one in explained(world, whole=True)[0] if "more" in one]
        world.client.delete(last)


def group(kind: str, *positions: int) -> TaskGroup:
    return TaskGroup(kind, ("", "", ""), len(positions), list(positions))


@pytest.mark.parametrize(
    ("groups", "ranges"),
    [
        ([], [(0, 500), (500, 1000)]),
        ([group("queue", 1700), group("moves", 1600), group("failed", 0)], [(1500, 2000), (2000, 2300)]),
        ([group("queue", 2200)], [(1500, 2000), (2000, 2300)]),
        ([group("odd", 700), group("queue", 2200)], [(500, 1000), (2000, 2300)]),
        ([group("odd", place) for place in (2000, 500, 0)], [(0, 500), (500, 1000)]),
    ],
    ids=["nothing moves", "what moves first", "behind the last come those before", "what is lost first", "much lost"],
)
def test_the_steps_that_are_looked_at(groups: list[TaskGroup], ranges: list[tuple[int, int]]) -> None:
    assert steps_of(2300, groups, Looks(whole=4, of_larger=2)) == Steps(ranges, 2300)
    assert steps_of(2300, groups, Looks(whole=5)) == Steps([(0, 2300)], 2300)
    assert steps_of(0, [], Looks()).is_all
