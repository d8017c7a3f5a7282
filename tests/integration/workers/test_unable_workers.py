"""A worker that cannot run a task beside one that can: the task reaches that one, and does not go in circles."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
import redis

from orchestrator.broker.canary import CanarySender
from orchestrator.broker.messages import own_queue
from orchestrator.client import Client
from orchestrator.domain import formats
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support import leaky_step
from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.lacking_worker import STAGES, TASKS, TREE, given_to, lines_of, run_beside_one_that_lacks_the_step
from tests.support.long import long
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.waiting import wait_until

SAID = "said by the step"


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_what_one_cannot_run_goes_straight_to_one_that_can(
    pool: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_beside_one_that_lacks_the_step(place, tmp_path, monkeypatch, pool)


@long
def test_what_waits_for_a_worker_that_can_is_run_when_one_starts(
    place: Place, settings: Settings, redis_client: redis.Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leaky_step.install(tmp_path / "path")
    monkeypatch.setattr(sys, "path", [str(path), *sys.path])
    cluster, key = Cluster(place, tmp_path), Keys(settings.namespace).of("task", "p.0")
    try:
        cluster.wait_alive([cluster.start_coordinator(), cluster.start_worker()])
        with Client(settings) as client:
            client.submit(plan("p", [tenant("t")], STAGES))

            def waits() -> bool:
                kept = json.loads(str(redis_client.hget(key, "handedBack") or "{}"))
                return int(kept.get("waits", 0)) > 4

            # Nothing is to come for the next 16 seconds, in which a worker starts.
            wait_until(waits, 60.0)
            cluster.start_worker(settings={"PYTHONPATH": os.pathsep.join((str(path), str(TREE)))})
            assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    finally:
        cluster.end()
    assert '"took-waiting"' in (tmp_path / "02-worker.log").read_text()


@long
@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_two_that_can_start_at_once_and_each_turn_goes_to_one_of_them(
    pool: str,
    place: Place,
    settings: Settings,
    redis_client: redis.Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None twice, none lost; both find all of them given back, and what one has taken is the other's no more."""
    path = leaky_step.install(tmp_path / "path")
    monkeypatch.setattr(sys, "path", [str(path), *sys.path])
    able = {"PYTHONPATH": os.pathsep.join((str(path), str(TREE)))}
    cluster, keys = Cluster(place, tmp_path, CHANGEOVER_RUN_AHEAD="false"), Keys(settings.namespace)
    task_keys = [keys.of("task", f"p.{number}") for number in range(TASKS)]
    try:
        cluster.wait_alive([cluster.start_coordinator(), cluster.start_worker(concurrency=8)])
        with Client(settings) as client:
            client.submit(plan("p", [tenant(f"t{number}") for number in range(TASKS)], STAGES, max_concurrency=TASKS))

            def all_wait() -> bool:
                kept = [json.loads(str(redis_client.hget(key, "handedBack") or "{}")) for key in task_keys]
                return all(int(one.get("waits", 0)) > 4 for one in kept)

            # Nothing is to come for the next 8 to 16 seconds, in which the two start.
            wait_until(all_wait, 60.0)
            both = [cluster.start_worker(pool=pool, concurrency=2, settings=able) for _ in range(2)]
            cluster.wait_alive(both)
            assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    finally:
        cluster.end()
    logs = [lines_of(tmp_path / f"0{number}-worker.log") for number in (2, 3)]
    ran = Counter((line["taskId"], line["stageName"]) for log in logs for line in log if line["event"] == SAID)
    assert ran == {(f"p.{number}", stage["name"]): 1 for number in range(TASKS) for stage in STAGES}
    # Those whose wait was not over when they came; the others had been passed to them.
    assert 0 < sum(line["tasks"] for log in logs for line in log if line.get("action") == "took-waiting") <= TASKS


@long
def test_who_is_too_old_for_the_ledger_passes_messages_on(
    place: Place, tmp_path: Path, redis_client: redis.Redis
) -> None:
    # Whoever has this path is of a release whose scripts know one format more; the warnings have it started plainly.
    later = tmp_path / "later"
    later.mkdir()
    (later / "sitecustomize.py").write_text("from orchestrator.domain import formats\nformats.LEDGER += 1\n")
    new = {"PYTHONPATH": os.pathsep.join((str(later), str(TREE))), "PYTHONWARNINGS": "default"}
    cluster = Cluster(place, tmp_path, CHANGEOVER_RUN_AHEAD="false")
    try:
        old = cluster.start_worker(concurrency=8)
        able = cluster.start_worker(concurrency=1, settings=new)
        cluster.wait_alive([cluster.start_coordinator(settings=new), old, able])
        redis_client.hset(Keys(place.namespace).of("settings"), "NEEDS", formats.LEDGER + 1)
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(plan("p", [tenant(f"t{n}") for n in range(TASKS)], [noop_stage("one")], TASKS)))
        done = changeover("submit", path, "--wait", environment=place.environment() | new)
        assert done.returncode == 0, done.stderr
    finally:
        cluster.end()
    # Once each: nobody waited for a lease, to meet it again.
    assert given_to(tmp_path, "too-old", able.pid) <= TASKS


def test_a_message_for_a_worker_that_is_gone_goes_by_itself(
    place: Place, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the settings that are given, whatever the environment says, and though it says nothing.
    for name in [name for name in os.environ if name.startswith("CHANGEOVER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    queue = own_queue("gone", 1)
    sender = CanarySender(settings)
    sender.send([queue])
    with redis.Redis.from_url(place.admin_broker_url, decode_responses=True) as broker:
        (key,) = [str(key) for key in broker.scan_iter() if str(key).endswith(queue)]
        assert 0 < broker.pttl(key) <= 60_000
        sender.close()
        assert not broker.exists(key)
