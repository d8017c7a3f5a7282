"""A plan that has ended, and of which a hand has damaged or deleted a task, or a key: nothing of it is left out of a
list in silence, and whoever is told of damage is told by whom it is named, with what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.task_rows import EVERY_TASK
from orchestrator.domain.errors import DamagedData
from orchestrator.settings.model import Settings
from tests.support.cli import in_this_process
from tests.support.console_server import ConsoleServer
from tests.support.hands import as_text
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from tests.support.place import Place

HANDS: Final[dict[str, tuple[Callable[[LedgerWorld], object], str]]] = {
    "gone": (lambda world: world.client.delete(world.keys.of("task", "p.1")), "its record is gone"),
    "no hash": (lambda world: as_text(world, world.keys.of("task", "p.1")), "its record is no hash"),
    "a state of nobody": (
        lambda world: world.client.hset(world.keys.of("task", "p.1"), "status", "BROKEN"),
        "its status is 'BROKEN', which is none",
    ),
    "no config": (lambda world: as_text(world, world.keys.of("config", "p.1")), "its config (the key "),
}


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """A plan that has ended: one failed, two completed, one failed."""
    world = LedgerWorld(redis_client, settings)
    for task in world.started("p", list("abcd"), max_concurrency=4):
        world.break_stage(task) if task in ("p.0", "p.3") else world.finish(task)
    return world


@pytest.fixture
def client(world: LedgerWorld) -> Iterator[Client]:
    with Client(world.settings) as client:
        yield client


def pages(client: Client, size: int, **wanted: Any) -> list[str]:
    found = [client.status("p", limit=size, offset=at, by_interest=True, **wanted) for at in range(0, 6, size)]
    return [f"{task.task_id} {task.status}" for page in found for task in page.tasks]


@pytest.mark.parametrize("name", mostly_long([*HANDS][:3], "gone"))
def test_every_list_has_it(world: LedgerWorld, client: Client, name: str) -> None:
    HANDS[name][0](world)
    rows = ["p.0 FAILED", "p.3 FAILED", "p.2 COMPLETED", "p.1 DAMAGED"]
    for size in (1, 2, 3, 4, 6):
        assert pages(client, size) == rows
    assert pages(client, 1, statuses=["COMPLETED"]) == rows[2:]
    assert [task.status for task in client.tasks("p")] == ["FAILED", "DAMAGED", "COMPLETED", "FAILED"]
    assert [task.status for task in client.task_page("p").tasks] == ["FAILED", "DAMAGED", "COMPLETED", "FAILED"]
    assert [task.status for task in client.live("p").page(EVERY_TASK, 0, 10).tasks] == [row.split()[1] for row in rows]


@pytest.mark.parametrize("name", mostly_long(HANDS, "gone"))
def test_explain_and_status_name_it_and_the_way_out(
    world: LedgerWorld, client: Client, place: Place, name: str
) -> None:
    hand, wrong = HANDS[name]
    assert client.damaged_tasks("p") == []
    hand(world)
    for found in (client.explain(plan_id="p"), client.explain(task_id="p.1")):
        (told,) = [one for one in found.remarks if wrong in one.sentence]
        assert list(told.commands) == ["changeover purge --plan p --force"]
    assert [one.task_id for one in client.damaged_tasks("p")] == ["p.1"]
    code, printed = in_this_process("status", "p", "--limit", "2", environment=place.environment())
    assert (code, "DAMAGED: task p.1" in printed, wrong in printed) == (0, True, True)
    client.purge("p", force=True)
    assert client.plans() == []


def test_a_log_of_another_type_is_named_by_whoever_meets_it_and_by_doctor(
    world: LedgerWorld, client: Client, settings: Settings
) -> None:
    key = world.keys.of("log", "p")
    as_text(world, key)
    said = re.escape(f"the key {key} is damaged); `changeover explain --plan p` says what mends it")
    looks: list[Callable[[], Any]] = [
        lambda: list(client.events("p")),
        lambda: list(client.export("p")),
        lambda: next(client.events("p", follow=True)),
        lambda: client.rollback(plan_id="p"),
    ]
    for look in looks:
        with pytest.raises(DamagedData, match=said):
            look()
    with ConsoleServer(settings) as console:
        answer = console.get("/api/v1/events?plan=p")
    assert (answer.status_code, re.search(said, answer.json()["detail"]) is not None) == (409, True)
    told = [one.sentence for one in client.explain(plan_id="p").remarks if f"key {key} is damaged" in one.sentence]
    assert ["`DEL " in one for one in told] == [True]
    (row,) = [one for one in client.doctor().checks if one.name == f"key {key}"]
    assert (row.good, "`DEL " in row.finding) == (False, True)


def test_a_tenant_of_an_ended_plan_is_named_by_its_plan_and_task(world: LedgerWorld, client: Client) -> None:
    key = world.keys.of("tenant", "b")
    as_text(world, key)
    for found in (client.explain(plan_id="p"), client.explain(task_id="p.1")):
        assert any(f"key {key} is damaged" in one.sentence for one in found.remarks)
    world.client.delete(key)
    assert not any("is damaged" in one.sentence for one in client.explain(plan_id="p").remarks)


def test_a_task_that_never_was_is_none(client: Client) -> None:
    for name in ("p.4", "p.x", "q.0"):
        with pytest.raises(Exception, match=f"no task '{name}' in namespace"):
            client.task_status(name)
