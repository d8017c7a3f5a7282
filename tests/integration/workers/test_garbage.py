"""What stands in a lane and is no message of ours: dropped and logged, and the worker goes on."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import redis
from kombu.utils.json import loads

from orchestrator.broker.messages import RUN_STAGE
from orchestrator.client import Client
from orchestrator.domain import formats
from orchestrator.domain.lanes import lane_names
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.refusals import why_refused
from tests.support.waiting import wait_until

ARGS = ["p.0", 1, 0, 0]
EMBED: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def envelope(body: Any, task: Any = RUN_STAGE, raw_body: str | None = None, **changes: Any) -> dict[str, Any]:
    """A message as the dispatcher sends it, but for ``changes``: None takes a part out."""
    text = raw_body if raw_body is not None else base64.b64encode(json.dumps(body).encode()).decode()
    message: dict[str, Any] = {
        "body": text,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": task, "id": "garbage", "argsrepr": "()", "kwargsrepr": "{}"},
        "properties": {
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "lane-0"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": f"tag-{id(body)}-{len(text)}-{changes}",
        },
    }
    for name, value in changes.items():
        *above, last = name.split("__")
        where = message
        for part in above:
            where = where[part]
        key = last.replace("_", "-") if last.startswith("content") else last
        where[key] = value
        if value is None:
            del where[key]
    return message


def garbage() -> Iterator[bytes | str]:
    yield b"\xff\xfe\x00garbage"
    yield b""
    yield "not json"
    yield '{"half": '
    yield "[" * 5000
    yield "NaN"
    yield "1" * 100_000
    yield '"text"'
    yield "null"
    yield "7"
    yield "[1, 2]"
    yield "{}"
    yield '{"__type__": "datetime", "__value__": "garbage"}'
    yield '{"__type__": "uuid", "__value__": {}}'
    right = [ARGS, {}, EMBED]
    messages = [
        # The envelope
        envelope(right, properties=None),
        envelope(right, properties="text"),
        envelope(right, properties__delivery_tag=None),
        envelope(right, properties__delivery_tag=[1]),
        envelope(right, properties__delivery_info=None),
        envelope(right, properties__delivery_info="text"),
        envelope(right, properties__body_encoding="rot13"),
        envelope(right, headers=None),
        envelope(right, headers=7),
        envelope(right, headers__id=None),
        envelope(right, headers__id=[1]),
        envelope(right, headers__eta="yesterday"),
        envelope(right, headers__eta={}),
        envelope(right, headers__expires="never"),
        envelope(right, headers__timelimit=5),
        envelope(right, headers__retries="many"),
        envelope(right, headers__compression="zip-bomb"),
        envelope(right, headers__format=formats.MESSAGE + 1),
        envelope(right, headers__format="one"),
        envelope(right, content_type="application/x-python-serialize"),
        envelope(right, content_type="application/x-nothing"),
        envelope(right, content_encoding="rot13"),
        # The task
        envelope(right, task="elsewhere.run"),
        envelope(right, task=None),
        envelope(right, task=["a"]),
        envelope([[], {}, EMBED], task="celery.backend_cleanup"),
        # The body
        envelope(None, raw_body="!!!"),
        envelope(None, raw_body=""),
        envelope(None),
        envelope({}),
        envelope([]),
        envelope([ARGS]),
        envelope([ARGS, {}, None]),
        envelope([ARGS, {}, {**EMBED, "chain": 7}]),
        envelope([ARGS, {}, {**EMBED, "chain": [7]}]),
        envelope([ARGS, {}, {**EMBED, "callbacks": [{"task": 1}]}]),
        # Its arguments
        envelope([[], {}, EMBED]),
        envelope([["p.0", "one", 0, 0], {}, EMBED]),
        envelope([["p.0", 1, 0, [0]], {}, EMBED]),
        envelope([["p.0", 1.5, 0, 0], {}, EMBED]),
        envelope([["p.0", True, 0, 0], {}, EMBED]),
        envelope([["p.0", -1, 0, 0], {}, EMBED]),
        envelope([["p.0", 10**400, 0, 0], {}, EMBED]),
        envelope([["p\ud800.0", 1, 0, 0], {}, EMBED]),
        envelope([["", 1, 0, 0], {}, EMBED]),
        envelope([[None, 1, 0, 0], {}, EMBED]),
        envelope(["text", {}, EMBED]),
        envelope([ARGS, [], EMBED]),
    ]
    yield from (json.dumps(message) for message in messages)
    # Huge: no message of ours is.
    yield json.dumps(envelope([["x" * 20_000_000, 1, 0, 0], {}, EMBED]))
    yield b"y" * 20_000_000


STRANGE: list[Any] = [5, -1, 1e308, True, [1], {"a": 1}, "\x1b[2J\x1b]0;x\x07", "x" * 100_000, "\ud800", None]
STRANGE += [{"__type__": "decimal", "__value__": "1e99999999"}]
HEADERS = (
    "lang task id shadow eta expires group group_index retries timelimit root_id parent_id argsrepr kwargsrepr origin "
    "ignore_result replaced_task_nesting stamped_headers stamps traceparent tracestate format lane canary hostname "
    "errbacks chord chain callbacks method kwargs args taskset utc priority reply_to delivery_info properties "
    "called_directly is_eager headers correlation_id time_limit soft_time_limit logfile loglevel compression _children"
)
PROPERTIES = "correlation_id reply_to delivery_mode priority timestamp type app_id expiration delivery_info"
OPTIONS = "queue countdown eta expires link link_error task_id headers chord serializer argsrepr exchange"


def strange() -> Iterator[str]:
    """Messages of ours but for one part, be it one that Celery reads and we do not: refused, or harmless."""
    for part, names in ("headers", HEADERS), ("properties", PROPERTIES):
        for name in names.split():
            for number, value in enumerate(STRANGE):
                message = envelope([ARGS, {}, EMBED], properties__delivery_tag=f"{part}-{name}-{number}")
                message[part][name] = value
                yield json.dumps(message)
    bodies: list[Any] = [
        [ARGS, {name: value}, EMBED] for name in ("self", "task", "epoch", "\x1b[2J") for value in STRANGE
    ]
    bodies += [[[*ARGS, value], {}, EMBED] for value in STRANGE]
    bodies += [[ARGS, {}, EMBED | {name: value}] for name in ("chord", "more") for value in STRANGE]
    for name in OPTIONS.split():
        for value in STRANGE:
            link = {"task": RUN_STAGE, "args": ["p.0", 1, 1, 0], "options": {name: value}, "kwargs": {}}
            bodies.append([ARGS, {}, EMBED | {"chain": [link]}])
    for number, body in enumerate(bodies):
        yield json.dumps(envelope(body, properties__delivery_tag=f"body-{number}"))


def is_refused(text: str) -> bool:
    try:
        return why_refused(loads(text)) is not None  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        return True


def entries() -> Iterator[bytes | str]:
    """What kombu restores from what a dead worker had not acknowledged: [message, exchange, routing key]."""
    yield b"\xff\xfe"
    yield "{garbage"
    yield "null"
    yield "[]"
    yield '[{}, "", "lane-0"]'
    yield json.dumps(["text", "", "lane-0"])
    yield json.dumps([envelope([ARGS, {}, EMBED], task="elsewhere.run"), "", "lane-0"])
    yield json.dumps([envelope([ARGS, {}, EMBED]), "", "somebody.else"])
    yield json.dumps([envelope([ARGS, {}, EMBED]), ["x"], {"y": 1}])


def test_garbage_among_what_a_dead_worker_left(client: Client, cluster: Cluster, place: Place) -> None:
    broker = redis.Redis.from_url(place.broker_url)
    prefix = f"changeover:{place.namespace}:"
    for number, entry in enumerate(entries()):
        broker.hset(f"{prefix}unacked", f"tag-{number}", entry)
        broker.zadd(f"{prefix}unacked_index", {f"tag-{number}": 1})
    broker.zadd(f"{prefix}unacked_index", {"no such entry": 1})
    # A lane that is none, and counts that are none.
    broker.set(prefix + lane_names(1)[0], "garbage")
    broker.set(f"{prefix}lanes.pushed", "garbage")
    cluster.wait_alive([worker := cluster.start_worker(concurrency=2), cluster.start_coordinator()])
    client.submit(plan("after", [tenant(f"t{i}") for i in range(8)], [noop_stage("one"), noop_stage("two")], 8))

    assert client.wait("after", timeout_seconds=60).status == "COMPLETED"
    wait_until(lambda: not broker.exists(f"{prefix}unacked", f"{prefix}unacked_index"), 30, "something is kept")
    assert worker.poll() is None
    assert not broker.exists(f"{prefix}somebody.else")
    assert "Traceback" not in cluster.logs()
    broker.close()


def test_garbage_in_a_lane(client: Client, cluster: Cluster, place: Place) -> None:
    broker = redis.Redis.from_url(place.broker_url)
    prefix = f"changeover:{place.namespace}:"
    odd = list(strange())
    items = [*garbage(), *odd]
    worker = cluster.start_worker(concurrency=2)
    cluster.wait_alive([worker, cluster.start_coordinator()])
    lane = prefix + lane_names(1)[0]
    for start in range(0, len(items), 50):
        broker.lpush(lane, *items[start : start + 50])
    # And right ones behind it, in every lane.
    client.submit(plan("after", [tenant(f"t{i}") for i in range(8)], [noop_stage("one"), noop_stage("two")], 8))

    assert client.wait("after", timeout_seconds=60).status == "COMPLETED"
    wait_until(lambda: not broker.exists(lane, f"{prefix}unacked", f"{prefix}unacked_index"), 30, "something is kept")
    assert worker.poll() is None
    logs = cluster.logs()
    harmless = sum(not is_refused(text) for text in odd)
    assert len(odd) > harmless > 100
    assert logs.count("message-refused") == len(items) - harmless, logs
    assert "Traceback" not in logs
    assert len(logs) < 500 * len(items)
    broker.close()
