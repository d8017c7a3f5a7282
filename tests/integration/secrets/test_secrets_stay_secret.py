"""A plan that uses secrets, moved by real processes: their values reach the services, and nothing else."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import redis

from orchestrator.client import Client
from orchestrator.domain.lanes import lane_name, lane_names, lane_of
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.instances import Handler, Instances
from tests.support.place import Place
from tests.support.plans import plan, tenant

TOKEN = "tok/en+of the-gateway"
HOOK = "hook-7c1f0e9d"


def echo(status: int) -> Any:
    """Says back all that it was sent, as a careless service does."""

    def answer(handler: Handler) -> None:
        received = handler.server.instances.received[-1]
        handler.reply(status, repr(received).encode() * 20, X_Echo=received.headers.get("authorization", ""))

    return answer


def dump(client: redis.Redis) -> bytes:
    """Everything that a database holds, whatever its type."""
    found: list[bytes] = []
    for key in client.scan_iter():
        kind = client.type(key)
        read: dict[bytes, Any] = {
            b"string": lambda key=key: client.get(key),
            b"hash": lambda key=key: client.hgetall(key),
            b"list": lambda key=key: client.lrange(key, 0, -1),
            b"set": lambda key=key: client.smembers(key),
            b"zset": lambda key=key: client.zrange(key, 0, -1),
            b"stream": lambda key=key: client.xrange(key),
        }
        found += [key, repr(read[kind]()).encode()]  # type: ignore[index]
    return b"\n".join(found)


def decoded_bodies(messages: list[bytes]) -> list[bytes]:
    """Celery's events carry their content in base64."""
    bodies = [re.search(rb'"body": ?"([A-Za-z0-9+/=]+)"', message) for message in messages]
    return [base64.b64decode(body.group(1)) for body in bodies if body]


@pytest.fixture
def cluster(place: Place, tmp_path: Path) -> Any:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "HOOK").write_text(HOOK + "\n")
    settings = {
        "CHANGEOVER_SECRET_TOKEN": TOKEN,
        "CHANGEOVER_SECRETS_DIR": str(folder),
        # The most that a worker can say.
        "CHANGEOVER_LOG_LEVEL": "DEBUG",
    }
    cluster = Cluster(place, tmp_path, **settings)
    yield cluster
    cluster.stop()


def test_secrets_appear_nowhere(client: Client, cluster: Cluster, place: Place) -> None:
    headers = {"Authorization": "Bearer {{ secret.TOKEN }}"}
    with Instances({f"/{HOOK}": echo(200), "/busy": echo(503), "/no": echo(403)}) as server:
        good = {"type": "http-request", "url": server.url("/{{ secret.HOOK }}"), "headers": headers,
                "json": {"token": "{{ secret.TOKEN }}"}}  # fmt: skip
        busy = {
            "type": "poll", "url": server.url("/busy"), "until": "ready", "headers": headers,
            "interval_seconds": 0.1, "max_attempts": 2,
        }  # fmt: skip
        with_user = server.url("/no").replace("://", "://ada:{{ secret.HOOK }}@")
        no = {"type": "http-request", "url": with_user, "form": {"token": "{{ secret.TOKEN }}"}}
        stages = [
            [{"name": "good", "steps": [good]}, {"name": "busy", "steps": [busy]}],
            [{"name": "good", "steps": [good]}, {"name": "no", "steps": [no]}],
            [{"name": "no-url", "steps": [{**good, "url": "{{ secret.HOOK }}"}]}],
            # In another process, which has resolved none.
            [{"name": "told", "steps": [{"type": "health-check", "interval_seconds": 0.1, "max_attempts": 2}]}],
        ]
        server.answers["/told"] = lambda handler: handler.reply(200, f"bad token: Bearer {TOKEN}".encode())
        lanes = Settings().lanes
        others = {lane_of(name, lanes) for name in ("t0", "t1", "t2")}
        last = next(name for n in range(99) if lane_of(name := f"told-{n}", lanes) not in others)
        of_last = lane_name(lane_of(last, lanes))
        # -E: the worker says all that Flower ever shows.
        first = cluster.start_worker("-E", "-Q", ",".join(lane for lane in lane_names(lanes) if lane != of_last))
        second = cluster.start_worker("-E", "-Q", of_last, pool="prefork", concurrency=1)
        cluster.wait_alive([cluster.start_coordinator(), first, second])
        listener = redis.Redis.from_url(place.broker_url)
        flower = listener.pubsub()  # type: ignore[no-untyped-call]
        flower.psubscribe(f"*changeover:{place.namespace}:*")
        failures = []
        for number, few in enumerate(stages):
            whom = tenant(f"t{number}" if number < 3 else last)
            whom["network_endpoints"] = [{"key": "gw", "value": server.url("/told")}]
            client.submit(plan(f"secret-{number}", [whom], few))
            (task,) = client.wait(f"secret-{number}", timeout_seconds=60).tasks
            assert task.failure_info is not None
            failures.append(task.failure_info)
        used = [request for request in server.received if request.path == f"/{HOOK}"]
        assert used[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN.encode() in used[0].body

    failed = [failure.type for failure in failures]
    assert failed == ["ConditionNotMet", "HttpRequestFailed", "InvalidStage", "HealthCheckFailed"]
    assert "Bearer ***" in failures[0].message
    assert "Basic ***" in failures[1].message
    assert "expected an http:// or https:// URL" in failures[2].message
    assert failures[2].message.endswith("(got '***')")
    assert "Bearer ***" in failures[3].message
    events = "".join(event.model_dump_json() for event in client.events())
    with redis.Redis.from_url(place.redis_url) as ledger, redis.Redis.from_url(place.broker_url) as broker:
        everything = {"ledger": dump(ledger), "broker": dump(broker), "events": events.encode(),
                      "status": repr([client.status(f"secret-{n}") for n in range(4)]).encode()}  # fmt: skip
    shown = []
    while (message := flower.get_message(timeout=0.5)) is not None:
        shown.append(str(message["data"]).encode())
    flower.close()
    listener.close()
    everything["flower"] = b"\n".join(shown) + b"".join(decoded_bodies(shown))
    assert b"task-started" in everything["flower"]
    assert b"tenant=t2" in everything["flower"]
    cluster.stop()
    everything["logs"] = cluster.logs().encode()
    assert b"secret-2" in everything["ledger"]
    assert b"stage-failed" in everything["logs"]
    basic = base64.b64encode(f"ada:{HOOK}".encode()).decode()
    spellings = (TOKEN, HOOK, "tok/en%2Bof%20the-gateway", "tok%2Fen%2Bof%20the-gateway", "tok%2Fen%2Bof+the-gateway",
                 basic, basic[8:])  # fmt: skip
    found = [(where, one) for where, text in everything.items() for one in spellings if one.encode() in text]
    assert found == []
    # Nor the beginning of one, where a quote was cut.
    assert [where for where, text in everything.items() if TOKEN[:8].encode() in text] == []
