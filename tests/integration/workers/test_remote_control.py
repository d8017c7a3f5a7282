"""What a worker does at the word of whoever can publish on the broker's server."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import redis
from celery import Celery

from orchestrator.domain.lanes import lane_names
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.waiting import wait_until

HARMFUL = {
    "shutdown": {},
    "cancel_consumer": {"queue": lane_names(4)[0]},
    "add_consumer": {"queue": "elsewhere"},
    "pool_shrink": {"n": 4},
    "pool_grow": {"n": 100},
    "autoscale": {"max": 1, "min": 1},
    "revoke": {"task_id": "anything", "terminate": True},
    "terminate": {"task_id": "anything", "signal": "KILL"},
    "hello": {"from_node": "me", "revoked": {"anything": 1}},
    "rate_limit": {"task_name": "changeover.run_stage", "rate_limit": "1/h"},
    "time_limit": {"task_name": "changeover.run_stage", "hard": 1},
    "disable_events": {},
    "pool_restart": {},
    "election": {"id": "1", "topic": "t"},
    "memdump": {},
}


def command(**told: Any) -> str:
    body = base64.b64encode(
        json.dumps({"method": "ping", "arguments": {}, "destination": None} | told).encode()
    ).decode()
    properties = {"delivery_tag": "t", "delivery_info": {"exchange": "celery.pidbox"}, "body_encoding": "base64"}
    return json.dumps(
        {
            "body": body,
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"clock": 2**62},
            "properties": properties,
        }
    )


GARBAGE = (
    *("[]", "null", "1", "{", "{}", "\xff", "[" * 100_000, '{"a":' * 50_000, "x" * 2_000_000),
    *(
        '{"body": "!!", "properties": {"body_encoding": "base64"}, "content-type": "application/json"}',
        '{"properties": []}',
    ),
    command(pattern=r"((((((((((([\w@]+)+)+)+)+)+)+)+)+)+)+)+!", matcher="pcre"),
    command(pattern="*", matcher="glob"),
    *(command(method=[1]), command(destination="all"), command(destination=5), command(arguments=[1])),
    *(command(method="stats", arguments={"a": 1}), command(method="enable_events", arguments={"state": 1})),
    *(command(reply_to={"exchange": "", "routing_key": "lane-0"}), command(reply_to="lane-0"), command(more=1)),
    command(ticket="x" * 100_000),
)


def heard(cluster: Cluster, method: str) -> bool:
    return f"{method!r}" in cluster.logs()


def published(broker: redis.Redis, channel: str, envelope: str) -> bool:
    return broker.publish(channel, envelope) == 1


def test_only_looking_is_obeyed(cluster: Cluster, place: Place, tmp_path: Path) -> None:
    worker = cluster.start_worker(concurrency=2)
    cluster.wait_alive([worker])
    broker = redis.Redis.from_url(place.broker_url)
    database = int(broker.connection_pool.connection_kwargs["db"])
    channel = f"changeover:{place.namespace}:/{database}.celery.pidbox"
    for method, arguments in HARMFUL.items():
        told = {"method": method, "arguments": arguments, "destination": None}
        envelope = {
            "body": json.dumps(told),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {},
            "properties": {"delivery_tag": method, "delivery_info": {"exchange": "celery.pidbox"}},
        }
        # Somebody listens: a worker's first subscription comes a moment after its presence.
        wait_until(partial(published, broker, channel, json.dumps(envelope)), 30, f"nobody listens for {method}")
    for one in GARBAGE:
        assert published(broker, channel, one), one[:80]

    with Celery(broker=place.broker_url) as app:
        app.conf.broker_transport_options = {"global_keyprefix": f"changeover:{place.namespace}:"}
        look = app.control.inspect(timeout=20.0, limit=1)
        # Answered after all of the above: it lives, has all its queues, all its threads, and forgot no task.
        looks = {
            name: next(iter((getattr(look, name)() or {}).values()))
            for name in ("ping", "stats", "active_queues", "registered", "active", "reserved", "scheduled", "revoked")
        }
        assert next(iter(look.conf().values()))["task_acks_late"] is True
    with Celery(broker=place.broker_url) as app:
        app.conf.broker_transport_options = {"global_keyprefix": f"changeover:{place.namespace}:"}
        # What Flower says when it starts to listen.
        app.control.broadcast("heartbeat")
        assert app.control.inspect(timeout=20.0, limit=1).ping()
    assert not heard(cluster, "heartbeat")
    logs = cluster.logs()
    assert logs.count("expected a command that workers obey") == 1
    assert "Traceback" not in logs
    assert "Unrecoverable" not in logs
    assert looks["ping"] == {"ok": "pong"}
    assert looks["stats"]["pool"]["max-concurrency"] == 2
    consumed = sorted(queue["name"] for queue in looks["active_queues"])
    assert consumed[:-1] == lane_names(4)
    assert consumed[-1].endswith(f"-{worker.pid}")
    assert looks["registered"]
    assert looks["revoked"] == []
    assert worker.poll() is None
    broker.close()


def test_a_worker_that_breaks_does_not_end_as_one_that_was_stopped(place: Place) -> None:
    breaks = """
import sys
from celery.worker.worker import WorkController
def broken(*_):
    raise TypeError("broken")
WorkController.Blueprint.start = broken
from workers.__main__ import main
main(["worker", "--pool=solo"])
"""
    run = [sys.executable, "-c", breaks]
    done = subprocess.run(run, env=place.environment(), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "Unrecoverable error" in done.stdout + done.stderr) == (1, True), done.stderr
