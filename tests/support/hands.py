"""What a hand, another program or a lost disk does to plan ``bad`` of a ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.support.ledger_world import LedgerWorld

Hand = Callable[[LedgerWorld], object]


def plan_key(world: LedgerWorld) -> str:
    return world.keys.of("plan", "bad")


def as_text(world: LedgerWorld, key: str) -> None:
    """The key is of another type than what belongs there."""
    world.client.delete(key)
    world.client.set(key, "garbage")


HANDS: Final[dict[str, Hand]] = {
    "no record": lambda world: world.client.delete(plan_key(world)),
    "no hash": lambda world: as_text(world, plan_key(world)),
    "no status": lambda world: world.client.hdel(plan_key(world), "status"),
    "a status of nobody": lambda world: world.client.hset(plan_key(world), "status", "garbage"),
    "slots that are no number": lambda world: world.client.hset(plan_key(world), "max", "garbage"),
    "a total that is no number": lambda world: world.client.hset(plan_key(world), "total", "garbage"),
    "stages that are no number": lambda world: world.client.hset(plan_key(world), "stages", "garbage"),
    "a number of events that is none": lambda world: world.client.hset(plan_key(world), "planSeq", "garbage"),
    "a counter that is no number": lambda world: world.client.hset(plan_key(world), "n:RUNNING", "garbage"),
    "no names of stages": lambda world: world.client.hdel(plan_key(world), "stage:0", "stage:1", "stage:2"),
    "no spec": lambda world: world.client.delete(world.keys.of("spec", "bad")),
    "a queue that is none": lambda world: as_text(world, world.keys.of("queue", "bad")),
    "slots that are no set": lambda world: as_text(world, world.keys.of("slots", "bad")),
    "a log that is none": lambda world: as_text(world, world.keys.of("log", "bad")),
    "a task that is none": lambda world: as_text(world, world.keys.of("task", "bad.0")),
    "a task without fields": lambda world: world.client.delete(world.keys.of("task", "bad.0")),
    "a stage that is no number": lambda world: world.client.hset(world.keys.of("task", "bad.0"), "stage", "garbage"),
    "a task's state of nobody": lambda world: world.client.hset(world.keys.of("task", "bad.0"), "status", "garbage"),
    "a next task without fields": lambda world: world.client.delete(world.keys.of("task", "bad.2")),
    "no config": lambda world: world.client.delete(world.keys.of("config", "bad.0")),
}
