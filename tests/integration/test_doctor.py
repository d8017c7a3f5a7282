"""`changeover doctor`: says what is wrong, by name, and what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import redis

from orchestrator.client import Client
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.settings.model import Settings
from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


def test_what_plans_may_do_without_limit_is_said(place: Place, tmp_path: Path) -> None:
    (tmp_path / "HOOK").write_text("value")
    (tmp_path / "..data").mkdir()
    environment = {"CHANGEOVER_SECRET_OPS": "value", "CHANGEOVER_SECRETS_DIR": str(tmp_path)}
    scope = '{"OPS": {"plans": "prod-*"}}'
    _, found = checks(place, environment | {"CHANGEOVER_SECRETS": scope})
    assert found["secrets"]["finding"].startswith("1 without a scope (HOOK): any plan may read and send them")
    assert found["writable keys"]["finding"].startswith("any plan may write any key")
    keys = {"CHANGEOVER_WRITABLE_KEYS": '["tenant_config:{tenant}"]'}
    _, found = checks(place, keys | {"CHANGEOVER_SECRETS_DIR": str(tmp_path / "none")})
    assert found["secrets"]["finding"] == "each that is known here has a scope"
    assert found["writable keys"]["finding"] == "tenant_config:{tenant}"


def checks(place: Place, more: dict[str, str] | None = None) -> tuple[bool, dict[str, Any]]:
    done = changeover("doctor", "--json", environment=place.environment() | (more or {}))
    assert done.returncode == 0, done.stderr
    diagnosis = json.loads(done.stdout)
    return diagnosis["healthy"], {check["name"]: check for check in diagnosis["checks"]}


def test_a_healthy_installation(cluster: Cluster, place: Place) -> None:
    cluster.start()
    healthy, found = checks(place)
    assert healthy, found
    assert found["coordinators"]["finding"] == "1 alive"
    assert found["append-only file"]["finding"] == "on"
    assert re.fullmatch(r"\d+\.\d MB used, no limit", found["state memory"]["finding"])


def test_what_is_wrong_is_named(place: Place, redis_client: redis.Redis) -> None:
    keys = Keys(place.namespace)
    redis_client.hset(keys.of("presence"), "worker:gone:7", json.dumps({"at": 0, "queues": ["lane-0"]}))
    redis_client.zadd(keys.of("leases_running"), {"p.0": 1})
    redis_client.hset(keys.of("meta"), "reconcilerRepairs", 2)

    healthy, found = checks(place)

    assert not healthy
    wrong = {name for name, check in found.items() if not check["good"]}
    assert wrong == {
        *("coordinators", "workers", "worker gone:7", "overdue running leases", "reconciler repairs"),
    }
    assert "changeover worker" in found["workers"]["finding"]
    assert "lane-0, lane-1, lane-2, lane-3" in found["workers"]["finding"]
    shown = changeover("doctor", environment=place.environment())
    assert "wrong coordinators: none is alive; start one with `changeover coordinator`" in shown.stdout


def test_a_process_with_other_settings_is_named(cluster: Cluster, place: Place) -> None:
    worker = cluster.start_worker(settings={"CHANGEOVER_MAX_RETRY": "99"})
    cluster.wait_alive([cluster.start_coordinator(), worker])

    healthy, found = checks(place)

    assert not healthy
    wrong = [check for check in found.values() if not check["good"]]
    assert [check["name"].rpartition(":")[2] for check in wrong] == [str(worker.pid)]
    assert wrong[0]["finding"].startswith("max_retry 99, not 3: ")
    shown = changeover("doctor", environment={**place.environment(), "CHANGEOVER_FEED_MAX_LENGTH": "1"})
    assert "feed_max_length 1, not 100000: what this shell says changes nothing" in " ".join(shown.stdout.split())


def test_damaged_plans_are_named(place: Place, client: Client, settings: Settings, redis_client: redis.Redis) -> None:
    keys = Keys(place.namespace)
    for plan_id in ("good", "bad", "gone", "lost"):
        client.submit(plan(plan_id, [tenant(f"{plan_id}-t")], [noop_stage("one")]))
    redis_client.hset(keys.of("plan", "bad"), "max", "many")
    redis_client.delete(keys.of("plan", "gone"), keys.of("plan", "lost"))
    ledger = Ledger(redis_client, settings)
    assert ledger.lose_plan("lost", 0, 100)[0] >= 0
    assert ledger.lose_plan("lost", 100, 100)[0] == -1

    _, found = checks(place)

    assert "its max is 'many', not a number" in found["plan bad"]["finding"]
    assert "it has no record" in found["plan gone"]["finding"]
    assert "its tenants are free: submit it again" in found["plan lost"]["finding"]
    assert "plan good" not in found
    # And so it can.
    client.submit(plan("lost", [tenant("lost-t")], [noop_stage("one")]))


def test_a_silent_worker_is_named(place: Place, client: Client, settings: Settings, redis_client: redis.Redis) -> None:
    keys = Keys(place.namespace)
    seconds, _ = redis_client.time()
    entry = {"at": seconds * 1000, "queues": [f"lane-{n}" for n in range(4)], "silent": 75.0}
    redis_client.hset(keys.of("presence"), "worker:host:7", json.dumps(entry))

    _, found = checks(place)
    assert "silent for 75 s" in found["worker host:7"]["finding"]

    client.submit(plan("p", [tenant("t0")], [noop_stage("one")]))
    Ledger(redis_client, settings).admit("p", 1)
    assert "is connected but gets nothing" in " ".join(client.explain(task_id="p.0").reasons)


def test_no_server(place: Place) -> None:
    environment = {**place.environment(), "CHANGEOVER_BROKER_URL": "redis://:hunter2@127.0.0.1:1/1"}
    done = changeover("doctor", environment=environment)
    assert done.returncode == 4
    assert "127.0.0.1:1" in done.stderr
    assert "hunter2" not in done.stderr
