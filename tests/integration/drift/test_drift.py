"""Drift: the instances of what was moved are asked once more, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from orchestrator.cli import main
from orchestrator.client import Client
from orchestrator.control.drift_answers import DriftEnd, TenantDrift
from orchestrator.domain.errors import InvalidInput, NotFound
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import HEALTH_CHECK, SWITCH, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances


def looked(client: Client, **whose: Any) -> tuple[dict[str, TenantDrift], DriftEnd]:
    *lines, end = client.drift(**whose)
    assert isinstance(end, DriftEnd)
    return {line.tenant_id: line for line in lines if isinstance(line, TenantDrift)}, end


def test_who_fell_back_is_named_and_nobody_is_changed(
    client: Client,
    cluster: Cluster,
    instances: TenantInstances,
    redis_client: redis.Redis,
    settings: Settings,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster.start()
    only = SWITCH | {"name": "not-for-all", "when": "tenant.tenant_id != 'b'"}
    client.submit(plan("first", [tenant(name, instances) for name in ("a", "b", "back")], [SWITCH, only]))
    assert client.wait("first", timeout_seconds=30).status == "COMPLETED"
    client.rollback(tenant_id="back")
    assert client.wait("first", timeout_seconds=30).counts == {"COMPLETED": 2, "ROLLED_BACK": 1}
    cluster.stop()
    before = LedgerWorld(redis_client, settings).dump()

    found, end = looked(client, plan_id="first")
    assert {name: (line.state, line.version) for name, line in found.items()} == {
        "a": ("there", "42"),
        "b": ("there", "42"),
        "back": ("there", "41"),
    }
    assert (end.there, end.drifted, end.not_judged) == (3, 0, 0)
    assert LedgerWorld(redis_client, settings).dump() == before

    instances.stubborn.add("a/b")
    polls = instances.polls.total()
    client.submit(plan("waits", [tenant("new", instances)], [SWITCH]))
    found, end = looked(client, tenants="*")
    assert found.pop("new").said == "no move of it has begun: waits.0 is PENDING"
    assert (found["a"].state, found["b"].state, end.drifted) == ("drifted", "there", 1)
    assert found["a"].said.startswith("1 of 2 instances did not report version 42 in 1 attempt: b ")
    # Two instances of three tenants, the same check of two stages once.
    assert instances.polls.total() == polls + 6
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    for arguments, code in ((["--plan", "first", "--json"], 1), (["--tenant", "b", "--all"], 0)):
        with pytest.raises(SystemExit) as ended:
            main(["drift", *arguments])
        assert ended.value.code == code
    out = capsys.readouterr().out.splitlines()
    assert [json.loads(line).get("state") for line in out[:-2]] == ["drifted", None]
    assert out[-2:] == ["b is at version 42", "1 there, 0 not, 0 cannot be judged"]


def test_what_a_step_may_not_ask_is_not_asked(
    client: Client, redis_client: redis.Redis, user_client: redis.Redis, settings: Settings, instances: TenantInstances
) -> None:
    world = LedgerWorld(redis_client, settings, user_client)
    secret = HEALTH_CHECK | {"headers": {"Authorization": "{{ secret.not_here_at_all }}"}}
    stages = [{"name": "one", "steps": [HEALTH_CHECK]}]
    client.submit(plan("p", [tenant("a", instances)], stages))
    client.submit(plan("q", [tenant("b", instances)], [{"name": "one", "steps": [secret]}]))
    client.submit(plan("r", [tenant("c", instances)], [noop_stage("one")]))
    for plan_id in "pqr":
        for task_id in world.serve(plan_id):
            world.finish(task_id)
    client.submit(plan("s", [tenant("d", instances)], stages))
    world.serve("s")
    world.break_stage("s.0")
    with Client(settings.model_copy(update={"allowed_hosts": ["elsewhere.example"]})) as held:
        found, end = looked(held)
    assert "was not asked" in found["a"].said
    assert (found["a"].state, found["b"].state, found["c"].state, found["d"].state) == (
        "drifted", "not-judged", "not-judged", "not-judged",
    )  # fmt: skip
    assert "not_here_at_all" in found["b"].said
    assert found["c"].said == "its plan has no health-check for it"
    assert found["d"].said == "s.0, which moved it last, is FAILED"
    assert end.drifted == 1
    assert not instances.polls

    with pytest.raises(InvalidInput, match="not both"):
        looked(client, plan_id="p", tenants="a")
    for whose in ({"plan_id": "nowhere"}, {"tenants": "nobody"}, {"tenants": "nobody-*"}):
        with pytest.raises(NotFound):
            looked(client, **whose)


def test_a_purged_mover_and_a_previous_one(
    client: Client, redis_client: redis.Redis, user_client: redis.Redis, settings: Settings, instances: TenantInstances
) -> None:
    world = LedgerWorld(redis_client, settings, user_client)
    stages = [{"name": "one", "steps": [HEALTH_CHECK]}]
    names = ["a", "b"]
    client.submit(plan("first", [tenant(name, instances, deploy_unit_version=41) for name in names], stages))
    client.submit(plan("second", [tenant(name, instances) for name in names], stages))
    for plan_id in ("first", "second"):
        for task_id in world.serve(plan_id):
            world.finish(task_id)
    world.ask("rollback", "second.0")
    world.serve("second")
    world.finish("second.0")
    found, _ = looked(client)
    # Back at what the plan before had moved it to.
    assert (found["a"].task_id, found["a"].state, found["a"].version) == ("first.0", "there", "41")
    assert (found["b"].task_id, found["b"].state) == ("second.1", "drifted")
    client.purge("second")
    found, _ = looked(client)
    assert found["b"].said == "plan second, which moved it last, was purged"
