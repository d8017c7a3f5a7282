"""`changeover doctor`: says what is wrong, by name, and what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import redis

from orchestrator.ledger.keys import Keys
from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.doors import of_this_shell
from tests.support.long import long, mostly_long
from tests.support.place import Place


@of_this_shell
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
    diagnosis = json.loads(done.stdout)
    assert done.returncode == (0 if diagnosis["healthy"] else 1), done.stderr
    return diagnosis["healthy"], {check["name"]: check for check in diagnosis["checks"]}


@long
def test_a_healthy_installation(cluster: Cluster, place: Place) -> None:
    cluster.start()
    healthy, found = checks(place)
    assert healthy, found
    assert found["coordinators"]["finding"] == "1 alive"
    assert found["worker slots"]["finding"] == "0 of 4 busy"
    assert found["test message"]["finding"].startswith("1 of 1 workers took theirs within ")
    assert not [name for name in broker_keys(place) if "worker-" in name or name.endswith("unacked")]
    assert found["append-only file"]["finding"] == "on"
    assert re.fullmatch(r"\d+\.\d MB used, no limit", found["state memory"]["finding"])


def broker_keys(place: Place) -> list[str]:
    with redis.Redis.from_url(place.admin_broker_url, decode_responses=True) as broker:
        return [str(name) for name in broker.scan_iter()]


@pytest.mark.parametrize("pool", mostly_long(["threads", "prefork"], "threads"))
def test_a_worker_that_consumes_nothing_is_found_by_its_test_message(
    cluster: Cluster, place: Place, redis_client: redis.Redis, pool: str
) -> None:
    """It looks well otherwise: its presence is written by another, as by a process whose consumer alone hangs."""
    cluster.start(pool=pool)
    key = Keys(place.namespace).of("presence")
    (name,) = [str(name) for name in redis_client.hkeys(key) if str(name).startswith("worker")]
    entry = json.loads(str(redis_client.hget(key, name)))
    entry["queues"] = [*entry["queues"][:-1], "worker-h-7"]
    # It gives no further sign, and is alive for the time of the look.
    seconds, _ = redis_client.time()
    redis_client.hset(key, "worker:h:7", json.dumps({**entry, "at": seconds * 1000 + 5000}))

    healthy, found = checks(place)

    assert not healthy
    assert found["test message"]["finding"].startswith("1 of 2 workers took theirs")
    assert "it took no test message within 6 s" in found["test message of worker h:7"]["finding"]
    assert not [key for key in broker_keys(place) if "worker-" in key]


@long
def test_a_worker_of_another_broker_is_named(cluster: Cluster, place: Place) -> None:
    elsewhere = place.broker_url.rpartition("/")[0] + "/8000"
    worker = cluster.start_worker(settings={"CHANGEOVER_BROKER_URL": elsewhere})
    cluster.wait_alive([cluster.start_coordinator(), worker])

    healthy, found = checks(place)

    assert not healthy
    (broker,) = [check for check in found.values() if check["name"].startswith("broker of worker")]
    assert "/8000, where no coordinator puts anything" in broker["finding"]
    (message,) = [check for check in found.values() if check["name"].startswith("test message of worker")]
    assert "it listens at another broker" in message["finding"]


@long
@of_this_shell
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


@of_this_shell
def test_no_server(place: Place) -> None:
    environment = {**place.environment(), "CHANGEOVER_BROKER_URL": "redis://:hunter2@127.0.0.1:1/1"}
    done = changeover("doctor", environment=environment)
    # The ledger's rows are there all the same.
    assert done.returncode == 1
    assert "wrong broker server: Redis at redis://127.0.0.1:1/1 does not answer" in done.stdout
    assert "ok    state writes: taken" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
