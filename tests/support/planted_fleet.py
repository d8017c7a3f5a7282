"""Planted situations of what waits for a freeze, a group, or its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from orchestrator.control.explain import Situation as S
from orchestrator.fleet.rules import FleetRules
from orchestrator.fleet.start_rules import StartRules
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import Planted, on, planned, staffed, started
from tests.support.table_steps import ask, shown_ahead, then

LIFT = ("changeover unfreeze freeze-1 --reason 'it is needed no longer'",)


def freezes() -> Iterator[Planted]:
    frozen = staffed(_freeze, planned("p", "eu-1 eu-2 us-1"), on("serve", "p"))
    said = " UTC by ada (because), which freeze-1 says of tenants eu-*"
    yield Planted("frozen", frozen, "p.0", S.FROZEN, said, LIFT)
    yield Planted(
        "frozen, plan", frozen, "p", S.FROZEN, "2 tasks (such as eu-1 (p.0), eu-2 (p.1)) are frozen until ", LIFT
    )
    put_back = staffed(shown_ahead, _freeze, planned("p", "eu-1"), on("serve", "p"))
    stands = "freezes and soaks last on meanwhile, and a plan's not_before and not_after come early"
    yield Planted("frozen by a clock put back", put_back, "p.0", S.SHOWN_TIME, stands, ("changeover doctor",))
    both = staffed(planned("p", "eu-1 us-1"), ask("pause", "p"), _freeze)
    yield Planted("frozen, in a paused plan", both, "p.0", S.FROZEN, "it is also frozen until ", LIFT)
    one = staffed(_freeze, planned("p", "eu-1 us-1", max_concurrency=1), on("serve", "p"))
    yield Planted("a frozen head", one, "p.0", S.FROZEN, said, LIFT)
    look = ("changeover explain --task p.0",)
    behind = "its plan takes one at a time, in order: 1 tasks are before it, the first is p.0"
    yield Planted("behind a frozen head", one, "p.1", S.HEAD_BLOCKS, behind, look)
    over = then(frozen, lambda world: world.client.hdel(world.keys.of("freezes"), "freeze-1"))
    yield Planted(
        "its freeze is gone", over, "p.0", S.FROZEN, "not frozen by freeze-1 any more", ("changeover freezes",)
    )
    waits = staffed(_freeze, started("q", "a"), planned("p", "a eu-1 b c d", max_concurrency=2), on("serve", "p"))
    said = "2 of 2 slots are in use, 3 tasks wait (1 in the plan's queue, 1 in their tenants' lines, 1 for the end of a"
    yield Planted("each waits for another thing", waits, "p", S.PLAN_MOVES, said)

    back = staffed(
        started("p", "eu-1 eu-2"), *(on("finish", one) for one in ("p.0", "p.1")),
        lambda world: world.freeze("eu-*", rollbacks_too=True), ask("rollback", "p"), on("serve", "p"),
    )  # fmt: skip
    said, undo = "its rollback is asked for by ada (because), and waits", ("changeover cancel --task p.0",)
    yield Planted("frozen on the way back", back, "p.0", S.ROLLBACK_ASKED, said, undo)
    said = "2 tasks that are to go back (such as eu-1 (p.0), eu-2 (p.1)) are frozen until "
    yield Planted("frozen on the way back, plan", back, "p", S.FROZEN, said, LIFT)


def groups() -> Iterator[Planted]:
    full = staffed(_limit, planned("p", "a b c", traits=SHARED), on("serve", "p"))
    said = "it waits for group db-7 (1 of 1 in use by a)"
    look = ("changeover explain --task p.0",)
    yield Planted("a full group", full, "p.1", S.GROUP_FULL, said, look)
    said = "2 tasks (such as b (p.1), c (p.2)) wait for group db-7 (1 of 1 in use by a)"
    yield Planted("a full group, plan", full, "p", S.GROUP_FULL, said, look)


SHARED = {name: {"groups": ["db-7"]} for name in "abc"}


def _limit(world: LedgerWorld) -> None:
    world.limit_groups({"db-7": 1})


def _freeze(world: LedgerWorld) -> None:
    world.freeze("eu-*")


def pace() -> Iterator[Planted]:
    later = staffed(_later, on("serve", "p"))
    give_up = ("changeover cancel --plan p",)
    yield Planted("a plan whose time is to come", later, "p", S.PLAN_NOT_YET, "the plan starts at ", give_up)
    yield Planted("a task of it", later, "p.0", S.PLAN_NOT_YET, "is given up if it has not started by ", give_up)
    paused = then(later, ask("pause", "p"))
    late = "the plan is given up if it has not started by "
    yield Planted("paused, and given up then", paused, "p", S.PLAN_NOT_YET, late, give_up)
    yield Planted("a task of such a plan", paused, "p.0", S.PLAN_NOT_YET, late, give_up)
    slow = staffed(_slow, on("serve", "p"))
    said = "the plan starts at most 1 tasks a minute"
    yield Planted("a plan with a rate", slow, "p.1", S.PLAN_NOT_YET, said, give_up)


def _later(world: LedgerWorld) -> None:
    now = world.reader.now()
    told = StartRules(not_before=now + timedelta(hours=1), not_after=now + timedelta(hours=2))
    world.plan("p", ["a"], rules=FleetRules(1, pace=told))


def _slow(world: LedgerWorld) -> None:
    world.plan("p", ["a", "b"], rules=FleetRules(2, pace=StartRules(starts_per_minute=1)))
