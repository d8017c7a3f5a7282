"""What `watch` shows, told by the log of a real ledger."""

from __future__ import annotations

import io

from rich.console import Console

from orchestrator.cli.watching import Screen
from tests.support.ledger_world import LedgerWorld


def shown(world: LedgerWorld, plan_id: str = "p") -> str:
    screen = Screen(plan_id)
    for event in world.reader.events(plan_id, 0):
        screen.take(event)
    out = io.StringIO()
    Console(file=out, width=120).print(screen.render())
    return out.getvalue()


def test_a_retried_plan_runs_while_its_task_runs(world: LedgerWorld) -> None:
    failed, good = world.started("p", ["a", "b"])
    world.break_stage(failed)
    world.finish(good)
    assert "p  p  FAILED" in shown(world)
    assert "it broke" in shown(world)

    world.ask("retry", failed)
    assert "p  p  RUNNING" in shown(world)
    assert "1 of 2  1 PENDING · 1 COMPLETED" in shown(world)
    world.serve("p")
    world.begin(failed)
    assert "p  p  RUNNING" in shown(world)
    assert "it broke" not in shown(world)
    world.succeed(failed)
    world.finish(failed)
    assert "p  p  COMPLETED" in shown(world)


def test_a_task_rolled_back_alone_reopens_its_plan(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.finish(task)
    world.ask("rollback", task)
    assert "p  p  RUNNING" in shown(world)


def test_a_pause_that_is_not_there_yet_is_said(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.ask("pause", "p")
    assert "RUNNING (pausing, 1 still running)" in shown(world)
    world.succeed(task)
    assert "p  p  PAUSED" in shown(world)
    world.ask("resume", "p")
    assert "0 of 1  1 PENDING" in shown(world)
