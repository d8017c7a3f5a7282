"""Planted situations of what waits for a slot, and of plans that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.control.explain import Situation as S
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import (
    Planted,
    planned,
    staffed,
    started,
)
from tests.support.table_steps import FORCE, Do, then

_END_CIRCLE = ("changeover cancel --task p1.0",)


def slots() -> Iterator[Planted]:
    one = started("p", "a b c", max_concurrency=1)
    taken = "it waits for a slot: 1 of 1 are in use (p.0) and 1 tasks are before it"
    look = ("changeover explain --task p.0",)
    yield Planted("one slot, taken", staffed(one), "p.2", S.SLOTS_TAKEN, taken, look)
    two = started("p", "a b c", max_concurrency=2)
    taken = "2 of 2 are in use (p.0, p.1) and 0 tasks"
    yield Planted("two slots, taken", staffed(two), "p.2", S.SLOTS_TAKEN, taken, ("changeover status p --running",))
    blocked = then(started("q", "a"), started("p", "a b", max_concurrency=1))
    yield Planted(
        "a head that blocks its plan",
        staffed(blocked),
        "p.1",
        S.HEAD_BLOCKS,
        "1 tasks are before it, the first is p.0",
        look,
    )
    ready = planned("p", "a b")
    free = "it is next, and 4 of 4 slots are free: a coordinator will admit it"
    yield Planted("next", staffed(ready), "p.0", S.NEXT, free, ("changeover status --task p.0",))
    yield Planted("soon", staffed(ready), "p.1", S.NEXT, "1 tasks are before it, and 4 of 4 slots are free")
    yield Planted("a circle", _circle(), "p1.0", S.CIRCLE, "a cancel of one of them ends it", _END_CIRCLE)


def _circle() -> Do:
    """No admission makes one: a hand moves the resumed tasks out of their place."""
    plans = [started(plan_id, tenants, max_concurrency=1) for plan_id, tenants in (("p1", "b a"), ("p2", "a b"))]
    both = [(f"{plan_id}.0", f"{plan_id}.1", plan_id) for plan_id in ("p1", "p2")]

    def pause(world: LedgerWorld) -> None:
        for first, _, _ in both:
            world.finish(first)
        for _, second, plan_id in both:
            world.serve(plan_id)
            world.ask("pause", plan_id)
            world.begin(second)
        for first, second, plan_id in both:
            world.ask("rollback", first, FORCE)
            world.ask("resume", plan_id)
            rank = float(world.task(second)["rank"]) + 5e11
            world.client.zadd(world.keys.of("queue", plan_id), {second: rank})

    return staffed(plans[0], plans[1], pause)
