"""Tasks that wait for a freeze or a group before they go back: the head of `watch` and of the page say so."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from rich.console import Console

from orchestrator.cli.happened import plan_words
from orchestrator.cli.tables import fleet_lines
from orchestrator.cli.watch.screen import Screen, Size
from orchestrator.cli.watch.view import View
from orchestrator.console.page.plan_pieces import now_of
from orchestrator.control.back_waits import StatusInFull
from orchestrator.control.live_plan import LivePlan
from orchestrator.domain.roles import Role
from orchestrator.ledger.operations import Order
from tests.support.alive import served
from tests.support.ledger_world import LedgerWorld


@pytest.fixture(autouse=True)
def somebody_is_alive(world: LedgerWorld) -> Iterator[None]:
    with served(world):
        yield


def head_of_status(world: LedgerWorld) -> list[str]:
    return fleet_lines(StatusInFull(world.reader).plan("p"))


def shown(live: LivePlan) -> str:
    live.look()
    out = io.StringIO()
    Console(file=out, width=200).print(Screen(live).draw(View(), Size(200, 30)).picture)
    return " ".join(out.getvalue().split())


def test_what_keeps_tasks_from_going_back_is_in_the_head(world: LedgerWorld) -> None:
    """Of the page too, which shows the same."""
    for position in range(3):
        if not position:
            world.started("p", ["eu-1", "eu-2", "us-1"])
        world.finish(f"p.{position}")
    live = LivePlan(world.reader, "p", nullcontext)
    world.freeze("eu-*", rollbacks_too=True)
    assert "to go back" not in shown(live)
    world.ask("rollback", "p")
    world.serve("p")
    head = shown(live)
    assert "2 wait to go back, such as eu-1: frozen until " in head
    assert "; changeover explain --plan p" in head
    assert head_of_status(world)[0].startswith("2 wait to go back, such as eu-1: frozen until ")
    assert now_of(live.summary, Role.VIEWER).sentence.startswith("2 wait to go back, such as eu-1: frozen until ")
    for freeze in world.freezes.reads.all():
        world.freezes.lift(freeze.freeze_id, Order("ada", "over"))
    world.coordinate()
    assert "to go back" not in shown(live)
    assert head_of_status(world) == []


def test_what_a_plan_stands_still_for_is_in_the_head(world: LedgerWorld) -> None:
    world.freeze("eu-*")
    world.started("p", ["eu-1", "us-1"])
    live = LivePlan(world.reader, "p", nullcontext)
    assert "frozen" not in shown(live), "the other one moves"
    world.finish("p.1")
    said = "1 waits, such as eu-1: frozen until "
    assert said in shown(live)
    assert head_of_status(world)[0].startswith(said)
    assert now_of(live.summary, Role.VIEWER).sentence.startswith(said)


def test_why_not_all_went_back_is_told_where_the_plan_is(world: LedgerWorld) -> None:
    world.started("p", ["a", "b"])
    for task_id in ("p.0", "p.1"):
        world.finish(task_id)
    world.started("q", ["a"])
    world.finish("q.0")
    world.ask("rollback", "p")
    world.serve("p")
    world.break_stage("p.1")
    assert world.status("p") == "ROLLBACK_FAILED"
    why = (
        "not all went back: 1 stays as it was moved: plan q has moved its tenant since; 1 could not go back"
        ": Broken; changeover explain --plan p"
    )
    assert head_of_status(world) == [why]
    live = LivePlan(world.reader, "p", nullcontext)
    assert why in shown(live)
    assert now_of(live.summary, Role.VIEWER).sentence.endswith(why)
    assert plan_words(StatusInFull(world.reader).summary("p")) == f"1 of 2 tasks COMPLETED, 1 ROLLBACK_FAILED; {why}"


def test_whose_rollback_a_person_withdrew_is_told_with_what_brings_it_back(world: LedgerWorld) -> None:
    world.started("p", ["eu-1", "eu-2", "us-1"])
    for task_id in ("p.0", "p.1", "p.2"):
        world.finish(task_id)
    world.freeze("eu-*", rollbacks_too=True)
    world.ask("rollback", "p")
    world.serve("p")
    world.ask("cancel", "p.0", Order("bob", "leave it"))
    world.ask("cancel", "p.1", Order("bob", "leave it"))
    world.finish("p.2")
    assert world.status("p") == "ROLLBACK_FAILED"
    why = "2 stay as they were moved: their rollbacks were withdrawn by bob (leave it); changeover rollback --plan p"
    assert head_of_status(world) == [f"not all went back: {why}"]
    told = plan_words(StatusInFull(world.reader).summary("p"))
    assert told == f"2 of 3 tasks COMPLETED, 1 ROLLED_BACK; not all went back: {why}"


def test_who_waits_to_move_forward_is_not_told_beside_who_is_to_go_back(world: LedgerWorld) -> None:
    of = {name: {"groups": ["db-7"]} for name in "ab"}
    world.limit_groups({"db-7": 1})
    world.freeze("c")
    world.started("p", "ac", traits=of)
    world.finish("p.0")
    world.started("q", "b", traits=of)
    world.ask("rollback", "p.0")
    world.coordinate()
    assert head_of_status(world) == [
        "1 waits to go back, such as a: waits for group db-7 (1 of 1 in use by b); changeover explain --plan p"
    ]


def test_a_group_that_is_full_is_told_of_who_is_to_go_back(world: LedgerWorld) -> None:
    of = {name: {"groups": ["db-7"]} for name in "ab"}
    world.limit_groups({"db-7": 1})
    world.started("p", "a", traits=of)
    world.finish("p.0")
    world.started("q", "b", traits=of)
    world.ask("rollback", "p.0")
    world.coordinate()
    assert "1 waits to go back, such as a: waits for group db-7 (1 of 1 in use by b)" in shown(
        LivePlan(world.reader, "p", nullcontext)
    )
