"""A plan that stands still for a damaged key of its own, or of what its tasks stand in, is told so with what mends it;
that is then done as it says, and the plan goes on."""

from __future__ import annotations

import re
import shlex
from typing import Final

import pytest
from structlog.testing import capture_logs

from orchestrator.control.doctor import Row, examine
from orchestrator.control.explain import Explainer
from orchestrator.control.explain.situations import Situation
from orchestrator.settings.servers import find_servers
from tests.support.coordinating import Coordinating
from tests.support.hands import as_text
from tests.support.ledger_world import LedgerWorld

KEYS: Final = {
    "queue": "p",
    "slots": "p",
    "plan_paused": "p",
    "log": "p",
    "tenant": "b",
    "line": "c",
    "frozen": "freeze-1",
    "group": "db",
    "group_line": "db",
}


def world_of_one(world: LedgerWorld) -> Coordinating:
    """Of ``p`` one task runs, others wait for a slot, a tenant, a freeze, a group."""
    coordinating = Coordinating(world)
    world.limit_groups({"db": 1})
    world.freeze("cold*")
    world.started("other", ["c", "g"], max_concurrency=2, traits={"g": {"groups": ["db"]}})
    traits = {"g2": {"groups": ["db"]}}
    world.plan("p", ["a", "b", "c", "cold-1", "g2", "z"], max_concurrency=3, traits=traits)
    coordinating.settle()
    assert [world.status(f"p.{at}") for at in range(6)] == ["RUNNING", "RUNNING", *["PENDING"] * 3, "RUNNING"]
    return coordinating


def told(world: LedgerWorld, **target: str) -> list[str]:
    explainer = Explainer(world.ledger, world.reader, world.settings)
    found = explainer.plan(target["plan"]) if "plan" in target else explainer.task(target["task"])
    return [one.sentence for one in found.remarks if one.situation == Situation.DAMAGED_PLAN_KEY]


def mend(world: LedgerWorld, sentence: str) -> None:
    """As a person would, who pastes it into redis-cli."""
    commands = re.findall(r"`(.+?)`", sentence.partition("in redis-cli: ")[2])
    assert commands, sentence
    for command in commands:
        world.client.execute_command(*shlex.split(command))  # type: ignore[no-untyped-call]


def goes_on(world: LedgerWorld, coordinating: Coordinating) -> None:
    """All of both plans is moved."""
    for freeze in world.freezes.reads.all():
        world.unfreeze(freeze.freeze_id)
    for _ in range(12):
        coordinating.seconds += 100
        coordinating.look()
        for _ in range(4):
            coordinating.reconcile()
        world.sweeper.sweep()
        coordinating.settle()
        for task_id in [f"p.{at}" for at in range(6)] + ["other.0", "other.1"]:
            if world.status(task_id) == "RUNNING":
                world.finish(task_id)
    assert (world.status("p"), world.status("other")) == ("COMPLETED", "COMPLETED")


@pytest.mark.parametrize("kind", KEYS)
def test_a_damaged_key_is_told_and_mended(hurt: LedgerWorld, kind: str) -> None:
    with capture_logs():
        coordinating = world_of_one(hurt)
        key = hurt.keys.of(kind, KEYS[kind])
        as_text(hurt, key)
        coordinating.look()
        (sentence,) = told(hurt, plan="p")
        assert sentence.startswith(f"key {key} is damaged: it is a string, not a ")
        rows = examine(hurt.settings, find_servers(hurt.settings)).checks
        assert f"key {key}" in [one.name for one in rows if one.row == Row.DAMAGED_KEY]
        mend(hurt, sentence)
        assert told(hurt, plan="p") == []
        goes_on(hurt, coordinating)


def test_a_task_is_told_of_its_own_keys_and_its_plans(hurt: LedgerWorld) -> None:
    with capture_logs():
        world_of_one(hurt)
    as_text(hurt, hurt.keys.of("line", "c"))
    assert len(told(hurt, task="p.2")) == 1
    assert told(hurt, task="p.1") == []
    as_text(hurt, hurt.keys.of("slots", "p"))
    assert len(told(hurt, task="p.2")) == 2
    assert len(told(hurt, task="p.1")) == 1
    assert told(hurt, plan="other") == told(hurt, task="other.0")


def test_a_log_with_an_entry_from_elsewhere(hurt: LedgerWorld) -> None:
    with capture_logs():
        coordinating = world_of_one(hurt)
        hurt.client.xadd(hurt.keys.of("log", "p"), {"garbage": "garbage"})
        events = len(hurt.kinds(plan_id="p"))
        (sentence,) = told(hurt, plan="p")
        assert "it has an entry " in sentence
        mend(hurt, sentence)
        assert told(hurt, plan="p") == []
        goes_on(hurt, coordinating)
    assert len(list(hurt.reader.events("p", 0))) > events


@pytest.mark.parametrize("field", ["n:RUNNING", "n:lined", "n:takenBack"])
def test_a_counter_that_is_no_number_is_told(hurt: LedgerWorld, field: str) -> None:
    hurt.plan("p", ["a"])
    assert hurt.reader.damaged_plans() == []
    hurt.client.hset(hurt.keys.of("plan", "p"), field, "many")
    assert hurt.reader.damaged_plans() == [("p", f"its {field} is 'many', not a number")]


def test_groups_are_looked_at_before_anything_is_written(hurt: LedgerWorld) -> None:
    for kind in ("group", "group_line"):
        hurt.limit_groups({kind: 1})
        hurt.started(f"holds-{kind}", [f"h-{kind}"], traits={f"h-{kind}": {"groups": [kind]}})
        as_text(hurt, hurt.keys.of(kind, kind))
        hurt.plan(kind, [f"w-{kind}", f"x-{kind}"], traits={f"w-{kind}": {"groups": [kind]}}, max_concurrency=2)
        before = hurt.task(f"{kind}.0")
        with capture_logs() as logs:
            assert hurt.serve(kind) == [f"{kind}.1"]
        assert hurt.task(f"{kind}.0") == before
        assert f"{hurt.keys.of(kind, kind)} is damaged" in " ".join(str(line["event"]) for line in logs)
        # Whoever holds a place comes to its end.
        assert hurt.finish(f"holds-{kind}.0") == "COMPLETED"
