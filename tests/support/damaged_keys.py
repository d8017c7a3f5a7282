"""A ledger in which every key of docs/keys.md is there, and what a hand does to a key by its type."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import redis

from orchestrator.domain.roles import Role
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.fleet.start_rules import StartRules
from orchestrator.ledger.operations import Order, draw_request_id
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.records import StageRow
from orchestrator.ledger.sessions import Sessions
from orchestrator.ledger.tokens import Tokens
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import beat, coordinator
from tests.support.planted_hooks import plant_hook

PAGE: Final = Path(__file__).parents[2] / "docs" / "keys.md"
TIMED: Final = [StageRow("one", 600.0), StageRow("two", 600.0)]

Damage = Callable[[redis.Redis, str, str], object]
"""Of a key (name, type)."""


def rows() -> dict[str, str]:
    """Each key of the page, by its pattern in ``keys.py``, with its type."""
    found = re.findall(r"^\| `([^`]+)` \| (hash|string|zset|set|stream) \|", PAGE.read_text(), re.MULTILINE)
    return {re.sub(r"\{\w+\}", "{}", name): kind for name, kind in found}


def _other_type(client: redis.Redis, key: str, kind: str) -> None:
    client.delete(key)
    client.rpush(key, "garbage") if kind == "string" else client.set(key, "garbage")


def _rubbish(client: redis.Redis, key: str, kind: str) -> None:
    """What is there is kept, where that can be; what comes is due at once."""
    match kind:
        case "hash":
            for field in [*cast(list[str], client.hkeys(key)), "junk"]:
                client.hset(key, field, "garbage")
        case "zset":
            client.zadd(key, {"garbage": 1, "garbage.x": 2, "nobody.0": 3})
        case "set":
            client.sadd(key, "garbage", "nobody.0")
        case "stream":
            client.xadd(key, {"garbage": "garbage"})
        case _:
            client.set(key, "garbage")


def _empty(client: redis.Redis, key: str, kind: str) -> None:
    match kind:
        case "hash":
            for field in cast(list[str], client.hkeys(key)):
                client.hset(key, field, "")
        case "zset" | "set":
            # Redis has no empty ones: one nameless member is left.
            client.delete(key)
            client.zadd(key, {"": 0}) if kind == "zset" else client.sadd(key, "")
        case "stream":
            client.xtrim(key, 0)
        case _:
            client.set(key, "")


NO_TEXT: Final = b"\xff\xfe"
"""Bytes that are no UTF-8."""


def _no_text(client: redis.Redis, key: str, kind: str) -> None:
    """Beside what is there, but where there is one value alone."""
    match kind:
        case "hash":
            client.hset(key, NO_TEXT, NO_TEXT)
        case "zset":
            client.zadd(key, {NO_TEXT: 1, b"bad.\xff": 2, b"bad\xff.0": 3})
        case "set":
            client.sadd(key, NO_TEXT, b"bad\xff.0")
        case "stream":
            client.xadd(key, {NO_TEXT: NO_TEXT})
        case _:
            client.set(key, NO_TEXT)


def _infinite(client: redis.Redis, key: str, kind: str) -> None:
    """Redis takes these scores, and no others that are no numbers. What stands there goes to the end of time."""
    if kind != "zset":
        return
    known = cast(list[str], client.zrange(key, 0, -1))
    client.zadd(key, {"garbage": "-inf", "nobody.0": "inf"})
    if others := {name: "inf" for name in known if not name.startswith("good")}:
        client.zadd(key, others)


DAMAGES: Final[dict[str, Damage]] = {
    "deleted": lambda client, key, kind: client.delete(key),
    "of another type": _other_type,
    "rubbish in it": _rubbish,
    "empty": _empty,
}
STRANGE: Final[dict[str, Damage]] = {"no text in it": _no_text, "infinite in it": _infinite}
"""What a hand seldom does; make test-long tries them at every key."""


def whole_ledger(world: LedgerWorld) -> None:
    """``good`` runs, as does ``bad``; of ``bad``'s five tasks one runs, one polls, one was handed back. Others wait
    for its tenants, a freeze's end or a group, are paused, soak, ended, being written, purged or lost."""
    coordinator(world)
    beat(world, "worker", "w:2", slots=16)
    world.started("old", [f"old-{n}" for n in range(3)], stages=TIMED)
    for number in range(3):
        world.finish(f"old.{number}")
    purges = Purges(world.ledger)
    purges.purge("old", Order("ada", "because", request_id=draw_request_id()))
    world.started("lost", ["l"])
    world.client.delete(world.keys.of("plan", "lost"))
    while not purges.lose("lost"):
        pass
    world.finish(*world.started("done", ["d"]))
    world.open("draft", 2)
    for plan in ("bad", "good"):
        world.started(
            plan, [f"{plan}-{n}" for n in range(5)], max_concurrency=3, stages=TIMED, task_timeout_seconds=900
        )
        world.begin(f"{plan}.0")
        world.stage(f"{plan}.1")
        world.begin(f"{plan}.1")
        world.poll(f"{plan}.1")
        world.ledger.hand_back(world.turn(f"{plan}.2"), "w:2/d", "step", "drain", had_begun=False)
    world.started("waits", ["bad-0"])
    world.freeze("cold*")
    world.freeze("elsewhere*", begins=3600)
    world.started("stays", ["cold-0"])
    lifted = world.freeze("warm*")
    world.started("thaws", ["warm-0"])
    world.freezes.lift(lifted, Order("ada", "because", request_id=draw_request_id()))
    world.limit_groups({"db": 1})
    world.started("shares", ["s0", "s1"], traits={name: {"groups": ["db"]} for name in ("s0", "s1")})
    world.plan(
        "early", ["e0"], rules=FleetRules(1, pace=StartRules(not_before=world.reader.now() + timedelta(hours=1)))
    )
    world.serve("early")
    world.started("halted", ["h0", "h1"], stages=TIMED)
    world.begin("halted.0")
    world.ask("pause", "halted")
    world.succeed("halted.0")
    rules = FleetRules(1, waves=(Wave("all", 1, soak_seconds=600.0),))
    world.finish(*world.started("soaks", ["s"], stages=TIMED, rules=rules, wave_of=[0]))
    world.ledger.count("worker:w:2", 1, {"event:TaskProgress": 1})
    world.client.hset(world.keys.of("pushed"), "lane-0", 1)
    tokens = Tokens(world.ledger)
    Sessions(world.ledger).start(tokens.create("ada", Role.VIEWER, Order("ada"))[0].identifier, 600)
    tokens.note_failure("10.0.0.1", "token")
    plant_hook(world)


def hurt_keys(world: LedgerWorld, pattern: str) -> list[str]:
    """The keys of this pattern that are there, but for what belongs to ``good``."""
    head, many, _ = pattern.partition("{}")
    if not many:
        return [world.keys.root + pattern] if world.client.exists(world.keys.root + pattern) else []
    names = cast(list[str], world.client.keys(f"{world.keys.root}{head}*"))
    return sorted(name for name in names if not name.removeprefix(world.keys.root + head).startswith("good"))
