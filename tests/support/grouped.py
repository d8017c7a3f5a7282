"""Plans whose tenants are of groups, and who holds and waits for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.ledger_world import LedgerWorld

DB = {"groups": ["db"]}
BOTH = {"groups": ["db", "rack"]}


def of(tenants: Sequence[str], traits: Mapping[str, object] = DB) -> dict[str, Mapping[str, object]]:
    return dict.fromkeys(tenants, traits)


def submit(world: LedgerWorld, plan_id: str, tenants: Sequence[str], limit: int = 0, **options: object) -> list[str]:
    """All of them of the group; ``limit``: the plan's own."""
    traits = options.pop("traits", of(tenants))
    priority = options.pop("priority", None)
    ids = world.plan(plan_id, tenants, traits=traits, **options)  # type: ignore[arg-type]
    if limit:
        world.client.hset(world.keys.of("plan", plan_id), "group:db", limit)
    if priority is not None:
        world.client.hset(world.keys.of("plan", plan_id), "priority", str(priority))
    return ids


def holders(world: LedgerWorld, name: str = "db") -> set[str]:
    return {str(task) for task in world.client.smembers(world.keys.of("group", name))}


def line(world: LedgerWorld, name: str = "db") -> list[str]:
    return [str(task) for task in world.client.zrange(world.keys.of("group_line", name), 0, -1)]


def sweep(world: LedgerWorld) -> None:
    world.ledger.call("sweep_groups", 100, 100)
