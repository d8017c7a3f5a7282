"""What a hand has made of any field: every reading command shows or names it, and no other plan is hidden (I19)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.target import target_of
from orchestrator.control.task_rows import EVERY_TASK
from orchestrator.domain.errors import ChangeoverError, DamagedData
from orchestrator.ledger.sample import read_sample
from orchestrator.settings.model import Settings
from tests.support.cli import in_this_process
from tests.support.ledger_world import LedgerWorld
from tests.support.long import IS_LONG, longer, mostly_long
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.planted_waits import WRONG
from tests.support.table_steps import Do

VALUES = ("garbage", "-1", "null", "[]", "\nerror: forged")
Look = Callable[[Client, LedgerWorld], Any]

LOOKS: dict[str, Look] = {
    "status": lambda client, world: client.plans(),
    "status of the plan": lambda client, world: client.status("bad", limit=50, by_interest=True),
    "its tasks": lambda client, world: list(client.tasks("bad")),
    "status of a task": lambda client, world: client.task_status("bad.0"),
    "status of a tenant": lambda client, world: client.tenant_status("of-bad-0"),
    "explain a plan": lambda client, world: client.explain(plan_id="bad"),
    "explain a task": lambda client, world: client.explain(task_id="bad.0"),
    "explain another": lambda client, world: client.explain(task_id="bad.1"),
    "damaged tasks": lambda client, world: client.damaged_tasks("bad"),
    "checkpoint": lambda client, world: client.checkpoint("bad.0"),
    "checkpoints": lambda client, world: client.checkpoints("bad"),
    "export": lambda client, world: list(client.export("bad")),
    "events": lambda client, world: list(client.events()),
    "events of the plan": lambda client, world: list(client.events("bad")),
    "watch": lambda client, world: watched(client),
    "metrics": lambda client, world: read_sample(world.client, world.keys),
}


def watched(client: Client) -> None:
    live = client.live("bad")
    live.look()
    assert [live.views(list(live.moving)), live.page(EVERY_TASK, 0, 10)]


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """A plan with a task in its second stage, a failed one and one that waits; and a sound one."""
    world = LedgerWorld(redis_client, settings)
    world.started("good", ["of-good"])
    world.started("bad", [f"of-bad-{n}" for n in range(3)], max_concurrency=2)
    world.stage("bad.0")
    world.begin("bad.0")
    world.poll("bad.0")
    world.break_stage("bad.1")
    world.ask("pause", "bad")
    return world


@pytest.fixture
def client(world: LedgerWorld) -> Iterator[Client]:
    with Client(world.settings) as client:
        yield client


def faults(client: Client, world: LedgerWorld, what: str) -> list[str]:
    """Looks that end in anything but an answer or a clear error."""
    found = []
    for name, look in LOOKS.items():
        try:
            look(client, world)
        except ChangeoverError as error:
            if name in ("status", "events", "metrics"):
                found.append(f"{what}: {name} is hidden: {error}")
        except Exception as error:  # noqa: BLE001 - what must not come
            found.append(f"{what}: {name}: {type(error).__name__} {error}"[:200])
    return found


@longer
@pytest.mark.parametrize(
    "record", mostly_long(["plan bad", "task bad.0", "task bad.1", "tenant of-bad-0"], "plan bad", "task bad.0")
)
def test_every_field_may_be_damaged(client: Client, world: LedgerWorld, record: str) -> None:
    kind, identifier = record.split()
    key = world.keys.of(kind, identifier)
    sound, found = cast(dict[str, str], world.client.hgetall(key)), list[str]()
    assert faults(client, world, "nothing") == []
    for number, (field, value) in enumerate(sound.items()):
        for text in VALUES if IS_LONG else VALUES[number % len(VALUES) :][:2]:
            world.client.hset(key, field, text)
            found += faults(client, world, f"{kind} {field}={text!r}")
        world.client.hdel(key, field)
        found += faults(client, world, f"{kind} without {field}")
        world.client.hset(key, field, value)
    assert found == []


def test_every_key_may_be_of_another_type(client: Client, world: LedgerWorld) -> None:
    found = list[str]()
    for key in sorted(cast(list[str], world.client.keys(f"{world.keys.root}*bad*"))):
        kind = world.client.type(key)
        world.client.rename(key, f"{world.keys.root}kept")
        world.client.rpush(key, "x") if kind == "string" else world.client.set(key, "garbage")
        found += faults(client, world, f"{key.removeprefix(world.keys.root)} of another type")
        world.client.rename(f"{world.keys.root}kept", key)
    for text in ("garbage", "[]", "-1", "null"):
        world.client.set(world.keys.of("checkpoint", "bad.0"), text)
        found += faults(client, world, f"checkpoint {text}")
    assert found == []


def test_a_plan_with_a_damaged_task_is_watched_and_that_task_is_not_waited_for(
    client: Client, world: LedgerWorld
) -> None:
    for field, value in (("startedAt", "zzz"), ("tenant", None), ("status", "DANCING")):
        key = world.keys.of("task", "bad.0")
        before = str(world.client.hget(key, field))
        if value is None:
            world.client.hdel(key, field)
        else:
            world.client.hset(key, field, value)
        live = client.live("bad")
        assert [view.task.status for view in live.views(list(live.moving))] == ["DAMAGED"]
        with pytest.raises(DamagedData, match=r"task bad\.0 is damaged; `changeover explain --task bad\.0`"):
            client.wait_target(target_of(task_id="bad.0"))
        world.client.hset(key, field, before)
    world.client.delete(world.keys.of("spec", "bad"))
    assert list(client.live("bad").moving) == ["bad.0"]


@pytest.mark.parametrize(("hurt", "wrong"), WRONG.values(), ids=WRONG)
def test_status_names_a_damaged_task_and_the_way_out(
    redis_client: redis.Redis, settings: Settings, place: Place, hurt: Do, wrong: str
) -> None:
    def status(*words: str) -> str:
        code, printed = in_this_process("status", "p", *words, environment=place.environment())
        assert code == 0, printed
        return printed

    world = LedgerWorld(redis_client, settings)
    world.started("p", ["a", "b", "c"], max_concurrency=1)
    assert "DAMAGED" not in status()
    assert json.loads(status("--json"))["damaged"] == []
    hurt(world)
    said = f"{wrong}; put it right with HSET (a config: SET), or take the plan out by a cancel and then "
    said += "`changeover purge --plan p --force`"
    line = next(line for line in status("--limit", "1").splitlines() if line.startswith("DAMAGED: task p.0"))
    assert line.endswith(f"{said}: `changeover cancel --plan p`")
    for options in ((), ("--limit", "1")):
        (found,) = json.loads(status("--json", *options))["damaged"]
        assert (found["taskId"], found["wrong"]) == ("p.0", wrong)
    world.ask("cancel", "p")
    assert "or take the plan out: `changeover purge --plan p --force`" in status("--failed")
    with Client(settings) as client:
        client.purge("p", force=True)
        assert client.plans() == []


def test_a_damaged_clock_or_tenant_is_named(client: Client, world: LedgerWorld) -> None:
    world.client.hset(world.keys.of("clock"), "at", "garbage")
    with pytest.raises(ChangeoverError, match="clock"):
        client.explain(plan_id="good")
    world.client.hset(world.keys.of("clock"), "at", 0)
    world.client.delete(world.keys.of("tenant", "new"))
    world.client.set(world.keys.of("tenant", "new"), "garbage")
    with pytest.raises(ChangeoverError, match="not what Changeover wrote"):
        client.submit(plan("p", [tenant("new")], [noop_stage("one")]))
    world.client.hset(world.keys.of("plan", "bad"), "planSeq", "garbage")
    with pytest.raises(ChangeoverError, match="not what Changeover wrote"):
        client.rollback(plan_id="bad")


def test_an_event_that_cannot_be_read_hides_none_behind_it(client: Client, world: LedgerWorld) -> None:
    number = world.now()
    entry = {"p": "9", "e": "TaskStageStarted", "k": "bad.0", "n": "a", "s": "", "t": "1", "d": "{}", "l": "bad"}
    for more in ({}, {"d": "garbage"}, {"e": "FromTomorrow"}, {"p": "x"}, {"t": "x"}):
        number += 1
        world.client.xadd(world.keys.of("feed"), cast(Any, entry | more), id=f"{number}-0")
    world.client.set(world.keys.of("seq"), number)
    world.ask("resume", "bad")
    told = list(client.events())
    told = [event for event in told if event.sequence_id > number - 5]
    assert [event.sequence_id for event in told] == list(range(number - 4, world.now() + 1))
    assert [event.type for event in told[:5]] == [
        "TaskStageStarted",
        "EventUnreadable",
        "FromTomorrow",
        "EventUnreadable",
        "EventUnreadable",
    ]
