"""`changeover doctor`: says what is wrong, by name, and what to do."""

from __future__ import annotations

import json
import re
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


def checks(place: Place) -> tuple[bool, dict[str, Any]]:
    done = changeover("doctor", "--json", environment=place.environment())
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
