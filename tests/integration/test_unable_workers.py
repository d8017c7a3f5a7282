"""A worker that cannot run a task beside one that can: the task reaches that one, and does not go in circles."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import redis

from orchestrator.broker.canary import CanarySender
from orchestrator.broker.messages import own_queue
from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support import leaky_step
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import plan, tenant

TREE = Path(__file__).parents[2]
STAGES = [{"name": name, "steps": [{"type": "leave-context"}]} for name in ("one", "two")]


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_what_one_cannot_run_goes_straight_to_one_that_can(
    pool: str, place: Place, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leaky_step.install(tmp_path / "path")
    monkeypatch.setattr(sys, "path", [str(path), *sys.path])
    # Without running ahead every stage is a message of its own, which either may take.
    cluster = Cluster(place, tmp_path, CHANGEOVER_RUN_AHEAD="false")
    new = {"PYTHONPATH": os.pathsep.join((str(path), str(TREE)))}
    try:
        lacking = cluster.start_worker(pool=pool, concurrency=8)
        able = cluster.start_worker(pool=pool, concurrency=1, settings=new)
        cluster.wait_alive([cluster.start_coordinator(), lacking, able])
        with Client(settings) as client:
            client.submit(plan("p", [tenant(f"t{n}") for n in range(40)], STAGES, max_concurrency=40))
            assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
            host = os.uname().nodename
    finally:
        cluster.end()
    lines = [json.loads(line) for line in (tmp_path / "00-worker.log").read_text().splitlines() if line[:1] == "{"]
    given_back = [line for line in lines if line.get("action") == "handed-back"]
    assert given_back
    assert {line["queue"] for line in given_back} == {own_queue(host, able.pid)}
    # Each of a task's stages at most once.
    assert len(given_back) <= 2 * 40


def test_a_message_for_a_worker_that_is_gone_goes_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    queue = own_queue("gone", 1)
    sender = CanarySender()
    sender.send([queue])
    with redis.Redis.from_url(place.admin_broker_url, decode_responses=True) as broker:
        (key,) = [str(key) for key in broker.scan_iter() if str(key).endswith(queue)]
        assert 0 < broker.pttl(key) <= 60_000
        sender.close()
        assert not broker.exists(key)
