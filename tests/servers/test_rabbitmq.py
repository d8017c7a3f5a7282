"""RabbitMQ carries the messages, Redis has the state: a whole plan, also when the broker dies under it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from kombu.connection import Connection
from kombu.messaging import Producer
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.domain.lanes import lane_names
from orchestrator.history import read_dump
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.servers.whole_plan import run_whole_plan
from tests.support.cluster import Cluster
from tests.support.fault_world import SHORT
from tests.support.lacking_worker import run_beside_one_that_lacks_the_step
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.processes import run
from tests.support.rabbit_server import RabbitServer
from tests.support.server_binaries import RABBIT
from tests.support.waiting import wait_until

TASKS = 6

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not RABBIT.exists(), reason="no RabbitMQ on this machine; tests/servers/install.sh gets it"),
]


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    with RabbitServer(tmp_path_factory.mktemp("rabbit")) as rabbit:
        yield rabbit


def test_a_whole_plan(rabbit: RabbitServer, place: Place, tmp_path: Path) -> None:
    run_whole_plan(place.redis_url, rabbit.url, tmp_path, admin_url=place.admin_url)

    # Nothing is left in a lane (I18), and a worker's own queue goes with it.
    assert rabbit.messages() == dict.fromkeys(lane_names(4), 0)


def test_the_broker_dies_and_comes_back(rabbit: RabbitServer, place: Place, tmp_path: Path) -> None:
    def meanwhile() -> None:
        rabbit.kill()
        rabbit.start()

    run_whole_plan(place.redis_url, rabbit.url, tmp_path, meanwhile=meanwhile, admin_url=place.admin_url)


def test_garbage_in_a_lane_is_passed_by(rabbit: RabbitServer, place: Place, tmp_path: Path) -> None:
    def meanwhile() -> None:
        connection: Any = Connection(rabbit.url)  # type: ignore[no-untyped-call]
        with connection:
            producer: Any = Producer(connection.channel())  # type: ignore[no-untyped-call]
            for lane in lane_names(4):
                producer.publish(b"\xff\xfe", exchange="", routing_key=lane, content_type="text/plain")
                producer.publish({"a": 1}, exchange="", routing_key=lane, headers={"task": ["a"], "id": 7})

    run_whole_plan(place.redis_url, rabbit.url, tmp_path, meanwhile=meanwhile, admin_url=place.admin_url)

    logs = "".join(path.read_text() for path in tmp_path.glob("*-worker.log"))
    refused = [json.loads(line) for line in logs.splitlines() if '"message-refused"' in line]
    assert len(refused) == 8


def test_lanes_are_counted_so_that_no_copy_is_put_behind_a_message_that_waits(
    rabbit: RabbitServer, place: Place, tmp_path: Path
) -> None:
    """I18: with no worker there is one message a task, however often its lease runs out."""
    at = Place(place.redis_url, rabbit.url)
    cluster = Cluster(at, tmp_path, **SHORT)
    settings = Settings(namespace=at.namespace, redis_url=SecretStr(at.redis_url), broker_url=SecretStr(at.broker_url))
    ledger, keys = connect(place.admin_url, patient=True), Keys(at.namespace)

    def looked_after(times: int) -> bool:
        tasks = read_dump(ledger, keys).tasks.values()
        return len(tasks) == TASKS and all(int(task.get("republished", 0)) >= times for task in tasks)

    def waiting() -> int:
        return sum(count for name, count in rabbit.messages().items() if name in lane_names(4))

    try:
        cluster.wait_alive([cluster.start_coordinator()])
        with Client(settings) as client:
            client.submit(plan("p", [tenant(f"t{i}") for i in range(TASKS)], [noop_stage("a"), noop_stage("b")], TASKS))
            wait_until(lambda: looked_after(2), 60, cluster.logs())
            assert waiting() == TASKS
            pushed = cast(dict[str, str], ledger.hgetall(keys.of("pushed")))
            assert sum(map(int, pushed.values())) == TASKS
            cluster.wait_alive([cluster.start_worker()])
            assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    finally:
        cluster.stop()


def test_what_one_worker_cannot_run_goes_straight_to_one_that_can(
    rabbit: RabbitServer, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_beside_one_that_lacks_the_step(Place(place.redis_url, rabbit.url), tmp_path, monkeypatch)


def test_a_wrong_password_is_one_line(rabbit: RabbitServer, place: Place) -> None:
    environment = os.environ | place.environment() | {"CHANGEOVER_BROKER_URL": rabbit.url.replace("sesame", "mustard")}
    done: subprocess.CompletedProcess[str] = run(["doctor"], environment, None, 60)

    # Beside the rows of the ledger, which answers.
    assert (done.returncode, done.stderr) == (1, "")
    (row,) = [line for line in done.stdout.splitlines() if "broker server" in line]
    assert row.startswith("wrong broker server: the RabbitMQ of CHANGEOVER_BROKER_URL at ")
    assert "ACCESS_REFUSED" in row
    assert "ok    state server" in done.stdout
    assert "mustard" not in done.stdout
