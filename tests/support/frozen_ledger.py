"""What an earlier release left behind in the middle of a plan, put into a Redis of today; what a later one might."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, cast

import redis

from orchestrator.ledger.keys import Keys
from tests.support.tenant_instances import TenantInstances

FROZEN: Final = Path(__file__).parents[1] / "fixtures" / "release-0.1.json"
ENDPOINT: Final = "http://127.0.0.1:1/health"
STOPPED_MS: Final = 1795938061400
"""When its last worker stopped."""


def frozen_messages() -> list[dict[str, Any]]:
    """As they stood in the broker."""
    found: list[dict[str, Any]] = json.loads(FROZEN.read_text())["messages"]
    return found


def thaw(client: redis.Redis, keys: Keys, instances: TenantInstances) -> None:
    """Writes the frozen ledger under today's namespace; its tenants' instances are these."""
    for name, key in json.loads(FROZEN.read_text())["ledger"].items():
        name = name.replace("changeover:{frozen}:", keys.root)
        value = key["value"]
        match key["type"]:
            case "string":
                tenant_id = json.loads(value)["tenant_id"] if ":config:" in name else ""
                client.set(name, value.replace(ENDPOINT, instances.url(tenant_id)))
            case "hash":
                if name == keys.of("presence"):
                    # They stopped a moment ago.
                    at = client.time()[0] * 1000
                    value = {process: json.dumps({**json.loads(told), "at": at}) for process, told in value.items()}
                client.hset(name, mapping=value)
            case "set":
                client.sadd(name, *value)
            case "zset":
                # Stages have a day, which is not over since they stopped a moment ago.
                later = client.time()[0] * 1000 - STOPPED_MS if name == keys.of("deadlines") else 0
                client.zadd(name, {member: score + later for member, score in value})
            case "stream":
                for identifier, fields in value:
                    client.xadd(name, fields, id=identifier)


def add_what_comes_later(client: redis.Redis, keys: Keys) -> None:
    """Fields that this release does not know, in everything that is stored, and an event of a new type."""
    for plan_id in cast(list[str], client.zrange(keys.of("plans"), 0, -1)):
        client.hset(keys.of("plan", plan_id), "later", "1")
        _add(client, keys.of("spec", plan_id))
        for position in range(int(str(client.hget(keys.of("plan", plan_id), "total")))):
            task = f"{plan_id}.{position}"
            client.hset(keys.of("task", task), "later", "1")
            _add(client, keys.of("config", task))
            _add(client, keys.of("checkpoint", task))
            cursor = client.hget(keys.of("task", task), "cursor")
            if cursor:
                client.hset(keys.of("task", task), "cursor", _with_more(str(cursor)))
        _retell(client, keys.of("log", plan_id), plan_id, keys)
    for name, entry in client.hgetall(keys.of("presence")).items():
        client.hset(keys.of("presence"), name, _with_more(str(entry)))
    client.hset(keys.of("settings"), mapping={"LATER": "words"})
    client.hset(keys.of("meta"), "later", "1")


def _retell(client: redis.Redis, log: str, plan_id: str, keys: Keys) -> None:
    """The log with a field more in each entry and each event's data, and one event of a new type behind it."""
    entries: Any = client.xrange(log)
    client.delete(log, keys.of("feed"))
    for identifier, fields in entries:
        told = {**fields, "d": _with_more(fields["d"]), "z": "later"}
        client.xadd(log, told, id=identifier)
        client.xadd(keys.of("feed"), {**told, "l": plan_id}, id=identifier)
    last, number = entries[-1][0], int(entries[-1][1]["p"]) + 1
    new = {**entries[-1][1], "p": number, "e": "TaskSurprised", "d": '{"surprise":{"deep":1}}', "f": 7}
    sequence = int(str(client.incr(keys.of("seq"))))
    assert sequence == int(last.partition("-")[0]) + 1
    client.xadd(log, new, id=f"{sequence}-0")
    client.xadd(keys.of("feed"), {**new, "l": plan_id}, id=f"{sequence}-0")
    client.hset(keys.of("plan", plan_id), "planSeq", number)


def _add(client: redis.Redis, name: str) -> None:
    text = client.get(name)
    if text:
        client.set(name, _with_more(str(text)), keepttl=True)


def _with_more(text: str) -> str:
    return json.dumps({**json.loads(text), "later": {"known": False}})
