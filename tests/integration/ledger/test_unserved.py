"""A plan that stands still since nobody is alive says so wherever it is looked at, and to who waits for it."""

from __future__ import annotations

import io
from contextlib import nullcontext

import pytest
from rich.console import Console

from orchestrator import Client
from orchestrator.cli.standing import Standing
from orchestrator.cli.status_command import show_plans
from orchestrator.cli.tables import plan_table
from orchestrator.cli.watch.screen import Screen, Size
from orchestrator.cli.watch.view import View
from orchestrator.console.page.plan_pieces import now_of
from orchestrator.control.live_plan import LivePlan
from orchestrator.control.target import target_of
from orchestrator.domain.roles import Role
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import beat, coordinator, staff

EXPLAIN = "changeover explain --plan p"
NOBODY = f"no sign of life of any coordinator or worker: nothing moves; {EXPLAIN}"


def said(world: LedgerWorld, client: Client, capsys: pytest.CaptureFixture[str], **waited: str) -> list[str]:
    """By `status`, also of all plans, by `watch`, the plan's page, and to who waits."""
    live, status, watch = LivePlan(world.reader, "p", nullcontext), io.StringIO(), io.StringIO()
    Console(file=status, width=200).print(plan_table(client.status("p")))
    Console(file=watch, width=200).print(Screen(live).draw(View(), Size(200, 30)).picture)
    show_plans(client, "table")
    listed = capsys.readouterr().err
    Standing(client, target_of(**(waited or {"plan_id": "p"}))).tell()
    return [
        status.getvalue(),
        listed,
        watch.getvalue(),
        now_of(live.summary, Role.VIEWER).sentence,
        capsys.readouterr().err,
    ]


@pytest.mark.parametrize("ask", ["", "cancel", "rollback"])
def test_nobody_is_alive(ask: str, world: LedgerWorld, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    task, _ = world.started("p", ["a", "b"], max_concurrency=1)
    world.begin(task)
    if ask:
        world.ask(ask, "p")
    with Client(settings) as client:
        told = said(world, client, capsys)
        assert [place.lower().count(NOBODY) for place in told] == [1] * 5, told
        staff(world)
        assert "no sign" not in str(said(world, client, capsys))


def test_who_is_missing_is_named(world: LedgerWorld, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan("p", ["a"])
    with Client(settings) as client:
        coordinator(world)
        assert client.summary("p").waits_because is None, "nothing of it is a worker's yet"
        world.coordinate()
        assert client.summary("p").waits_because == f"no sign of life of any worker: nothing moves; {EXPLAIN}"
        beat(world, "worker", "w:2")
        world.client.hdel(world.keys.of("presence"), "coordinator:c:1")
        assert client.summary("p").waits_because == f"no sign of life of any coordinator: nothing starts; {EXPLAIN}"
        # Who has nothing to do misses nobody.
        world.finish("p.0")
        world.client.delete(world.keys.of("presence"))
        assert client.summary("p").waits_because is None
        # A rollback of one task, which nobody admits, of a plan that has ended.
        world.ask("rollback", "p.0")
        assert f"plan p: {NOBODY}" in said(world, client, capsys, task_id="p.0")[-1]
