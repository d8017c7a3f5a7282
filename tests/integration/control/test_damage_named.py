"""Who meets what a hand has damaged names it and the mend himself; nothing of it is left out silently."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.explain import Situation
from orchestrator.domain.errors import DamagedData
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.doors import has_own_console
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import noop_stage, plan, tenant

WAVES = (Wave("canary", 1), Wave("rest", 1))
BOUNDS = (
    *(("wave:0:state", "FOO"), ("wave:0:tolerance", "nan"), ("wave:0:max", "x"), ("wave:0:soak", "1e3")),
    *(("tolerance", "nan"), ("group:db", "x"), ("group:db", "inf")),
)
HTML = {"Accept": "text/html"}
SECOND = plan("second", [tenant("acme")], [noop_stage("one")])
LOOKS: dict[str, Callable[[Client], Any]] = {
    "status": lambda client: client.tenant_status("acme"),
    "explain": lambda client: client.explain(tenant_id="acme"),
    "view": lambda client: client.tenant("acme"),
    "submit": lambda client: client.submit(SECOND),
}


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """A plan that has ended, of two tenants."""
    world = LedgerWorld(redis_client, settings)
    world.started("p", ["acme", "birch"], max_concurrency=2)
    world.break_stage("p.0")
    world.break_stage("p.1")
    return world


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


@has_own_console
def test_a_damaged_tenant_is_named_with_its_mend_wherever_it_is_met(
    world: LedgerWorld, client: Client, console: ConsoleServer
) -> None:
    key = world.keys.of("tenant", "acme")
    world.client.delete(key)
    world.client.set(key, "x")
    said = f"the key {key} is damaged); in redis-cli: `DEL '{key}'`"
    for look in LOOKS.values():
        with pytest.raises(DamagedData, match=re.escape(said)):
            look(client)
    answer = console.get("/api/v1/tenants/acme")
    assert (answer.status_code, answer.json()["code"]) == (409, "damaged_data")
    assert said in answer.json()["detail"]
    assert {one.tenant_id: one.status for one in client.tenants().tenants} == {"acme": "DAMAGED", "birch": "FAILED"}
    assert "damaged" in console.get("/tenants", headers=HTML).text
    world.client.delete(key)
    client.submit(SECOND)
    assert client.tenant_status("acme").plan_id == "second"


@pytest.mark.parametrize("kind", ["tenant", "line"])
def test_doctor_names_a_damaged_key_of_a_tenant_whose_tasks_have_ended(
    world: LedgerWorld, client: Client, kind: str
) -> None:
    key = world.keys.of(kind, "acme")
    world.client.delete(key)
    world.client.set(key, "x")
    (row,) = [one for one in client.doctor().checks if one.row == "damaged-key"]
    assert row.name == f"key {key}"
    assert row.finding.endswith(f"Tenant acme stands still until it is mended; in redis-cli: `DEL '{key}'`")
    world.client.delete(key)
    world.client.zadd(world.keys.of("line", "birch"), {"p.1": "inf"})
    (row,) = [one for one in client.doctor().checks if one.row == "damaged-key"]
    for command in re.findall("`(.+?)`", row.finding):
        world.client.execute_command(*shlex.split(command))  # type: ignore[no-untyped-call]
    assert not [one for one in client.doctor().checks if one.row == "damaged-key"]


def test_a_draft_that_nobody_writes_has_its_age_and_a_way_out(world: LedgerWorld, client: Client) -> None:
    world.client.delete(world.keys.of("tenant", "acme"))
    world.client.set(world.keys.of("tenant", "acme"), "x")
    with pytest.raises(DamagedData):
        client.submit(SECOND)
    world.client.zincrby(world.keys.of("drafts"), -20_000, "second")
    (told,) = [one for one in client.explain(plan_id="second").remarks if one.situation == Situation.DRAFT]
    assert "0 of 1 tenants are written, and nobody has written for 2" in told.sentence
    assert list(told.commands) == ["changeover purge --plan second"]
    (row,) = [one for one in client.doctor().checks if one.name == "draft second"]
    assert "nobody has written it for 2" in row.finding
    assert "`changeover purge --plan second`" in row.finding
    client.purge("second")
    assert [one.plan_id for one in client.plans()] == ["p"]


@has_own_console
def test_an_ended_plan_whose_status_is_damaged_is_told_everywhere(
    world: LedgerWorld, client: Client, console: ConsoleServer
) -> None:
    world.client.hset(world.keys.of("plan", "p"), "status", "WEIRD")
    (row,) = [one for one in client.doctor().checks if one.name == "plan p"]
    assert (row.row, row.good) == ("damaged-plan", False)
    assert "its status is 'WEIRD'" in row.finding
    assert "`changeover purge --plan p --force`" in row.finding
    for found in (client.explain(plan_id="p"), client.explain(task_id="p.0")):
        told = next(one for one in found.remarks if "its status is 'WEIRD'" in one.sentence)
        assert list(told.commands) == ["changeover purge --plan p --force"]
    for path in ("/plans/p", "/tenants/acme"):
        shown = console.get(path, headers=HTML)
        assert shown.status_code == 200
        assert "its status is &#39;WEIRD&#39;" in shown.text
        assert "changeover purge --plan p --force" in shown.text


def test_who_holds_a_group_by_now_is_not_told_to_wait_for_it(redis_client: redis.Redis, settings: Settings) -> None:
    """The tasks are read, then who holds the group: in between one of them may have got its place."""
    world = LedgerWorld(redis_client, settings)
    world.limit_groups({"db-7": 1})
    world.plan("p", ["a", "b", "c"], traits={name: {"groups": ["db-7"]} for name in "abc"})
    world.serve("p")
    group = world.keys.of("group", "db-7")
    world.client.srem(group, "p.0")
    world.client.sadd(group, "p.1")
    with Client(settings) as client:
        told = [one.sentence for one in client.explain(plan_id="p").remarks if one.situation == Situation.GROUP_FULL]
        assert told == ["1 tasks (such as c (p.2)) wait for group db-7 (1 of 1 in use by b)"]
        assert not [one for one in client.explain(task_id="p.1").remarks if "waits for group" in one.sentence]
        assert [one.waits_because for one in client.status("p").tasks][1:] == [
            None,
            "waits for group db-7 (1 of 1 in use by b)",
        ]


@has_own_console
def test_what_a_tenant_ran_before_is_told_while_nobody_knows_what_it_runs(
    client: Client, console: ConsoleServer
) -> None:
    source = {"deploy_unit_version": "41", "deploy_unit_name": "blue"}
    moved = plan("p", [{**tenant("acme"), "source_tenant_deploy_config": source}], [noop_stage("one")])
    client.submit(moved)
    view = client.tenant("acme")
    assert view.current is None
    assert view.before is not None
    assert (str(view.before.deploy_unit_version), view.before.deploy_unit_name) == ("41", "blue")
    assert view.before.deploy_unit_id == moved["tenants"][0].get("deploy_unit_id")
    assert "41<small> on blue before the plan" in console.get("/tenants/acme", headers=HTML).text


def test_what_holds_a_plan_back_is_named_when_a_hand_has_made_it_no_number(
    redis_client: redis.Redis, settings: Settings, client: Client
) -> None:
    world = LedgerWorld(redis_client, settings)
    world.started("q", ["cedar", "dogwood"], rules=FleetRules(2, waves=WAVES), wave_of=[0, 1])
    for field, value in BOUNDS:
        assert world.reader.damaged_plans() == []
        record = world.reader.plan_record("q")
        world.client.hset(world.keys.of("plan", "q"), field, value)
        ((plan_id, wrong),) = world.reader.damaged_plans()
        assert plan_id == "q"
        assert wrong.startswith(f"its {field} is {value!r}")
        waiting = client.explain(task_id="q.1")
        assert any(wrong in reason for reason in waiting.reasons), field
        assert not any("will admit" in reason for reason in waiting.reasons), field
        world.client.hdel(world.keys.of("plan", "q"), field)
        if field in record:
            world.client.hset(world.keys.of("plan", "q"), field, record[field])
