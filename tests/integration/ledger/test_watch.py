"""What `watch` shows, told by a real ledger: kept up to date by events, it is always what a fresh look would say."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Literal

import pytest
from rich.console import Console

from orchestrator.cli.watch.screen import Frame, Screen, Size
from orchestrator.cli.watch.session import Session
from orchestrator.cli.watch.view import View
from orchestrator.console.page.cells import Cells
from orchestrator.control.live_plan import PLAN_GOES_BACK, LivePlan, TaskView
from orchestrator.control.possible import PossibleVerbs
from orchestrator.control.status import StatusReader
from orchestrator.control.watched_plan import WatchedPlan
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.fold import fold
from orchestrator.domain.status import TASK_ACTIVE, TaskState
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Begun
from orchestrator.ledger.records import StageRow, wire_json
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import staff

FAILED = {TaskState.FAILED, TaskState.ROLLBACK_FAILED}


def live_plan(world: LedgerWorld, plan_id: str = "p") -> LivePlan:
    return LivePlan(world.reader, plan_id, nullcontext)


def drawn(frame: Frame, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(frame.picture)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def shown(live: LivePlan, view: View | None = None, size: Size | None = None) -> str:
    live.look()
    size = size or Size(100, 30)
    return drawn(Screen(live).draw(view or View(), size), size.width)


def test_a_retried_plan_runs_while_its_task_runs(world: LedgerWorld) -> None:
    failed, good = world.started("p", ["a", "b"])
    live = live_plan(world)
    world.break_stage(failed)
    world.finish(good)
    assert live.summary.status == "RUNNING"
    text = shown(live)
    assert "FAILED\n" in text.splitlines()[0] + "\n"
    assert "Broken x 1  noop: it broke" in text

    world.ask("retry", failed)
    text = shown(live)
    assert text.splitlines()[0].endswith("RUNNING")
    assert "1 PENDING · 1 COMPLETED" in text
    assert "it broke" not in text
    world.serve("p")
    world.begin(failed)
    assert "a       1/3 one" in shown(live)
    world.succeed(failed)
    world.finish(failed)
    text = shown(live)
    assert text.splitlines()[0].endswith("COMPLETED")
    assert "2 of 2  100 %" in text
    assert "nothing moves now" in text


class Counted(LivePlan):
    """Counts how often it was asked for what is in sight."""

    reads = 0

    def views(self, task_ids: Sequence[str]) -> list[TaskView]:
        self.reads += 1
        return super().views(task_ids)


class Person:
    """Presses these keys, one at each wait, which takes its whole time; then leaves. Her clock is the screen's."""

    def __init__(self, *keys: str) -> None:
        self.keys, self.now = [*keys, "q"], 0.0

    def wait(self, seconds: float) -> list[str]:
        self.now += seconds
        key = self.keys.pop(0)
        return [key] if key else []


def test_what_is_in_sight_is_read_when_it_can_have_changed(world: LedgerWorld) -> None:
    world.started("p", ["a"])
    world.begin("p.0")

    def reads(*keys: str) -> int:
        live, person = Counted(world.reader, "p", nullcontext), Person(*keys)
        out = Console(file=io.StringIO(), force_terminal=True, width=80, height=24)
        with out.screen():
            assert not Session(live, person, out, clock=lambda: person.now).run()
        return live.reads

    assert reads() == 1
    # Two seconds: four looks, each with its drawing.
    assert reads(*[""] * 8) == 1 + 4
    assert reads("j", *[""] * 7) == 1 + 1 + 4


class Cut(LivePlan):
    """Its server does not answer when ``is_away``."""

    is_away = False

    def look(self) -> None:
        self._answers()
        super().look()

    def views(self, task_ids: Sequence[str]) -> list[TaskView]:
        self._answers()
        return super().views(task_ids)

    def _answers(self) -> None:
        if self.is_away:
            raise Unreachable("away")


def test_what_was_in_sight_stays_while_nobody_answers(world: LedgerWorld) -> None:
    world.started("p", ["a"])
    world.begin("p.0")
    live = Cut(world.reader, "p", nullcontext)
    out, now = io.StringIO(), itertools.count(0, 0.25)
    console = Console(file=out, force_terminal=True, width=80, height=24)

    class Waiting(Person):
        def wait(self, seconds: float) -> list[str]:
            found = super().wait(seconds)
            live.is_away = len(self.keys) > 1
            return found

    person = Waiting(*[""] * 8, "f", *[""] * 4)
    with console.screen():
        Session(live, person, console, clock=lambda: next(now)).run()
    text = out.getvalue()
    assert "Redis has not answered for" in text
    assert "not read yet" in text
    assert "nothing moves now" not in text


def test_a_pause_that_is_not_there_yet_is_said(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    live = live_plan(world)
    world.begin(task)
    world.ask("pause", "p")
    assert "RUNNING (pausing, 1 still running)" in shown(live)
    world.succeed(task)
    text = shown(live)
    assert text.splitlines()[0].endswith("PAUSED")
    assert "paused by ada (because); changeover resume p" in text
    assert "last: pause by ada" in text
    world.ask("resume", "p")
    assert "1 PENDING" in shown(live)


def test_rows_say_step_attempt_and_last_answer(world: LedgerWorld) -> None:
    world.ledger.open_plan(
        plan_id="p", digest="d", name="P", max_concurrency=4, total=2, rollback_order="reverse", incarnation="first",
        spec='{"stages": [{"name": "one", "steps": [{"type": "config-write"}, {"type": "health-check"}]}]}',
        stages=[StageRow("one")], task_timeout_seconds=None,
    )  # fmt: skip
    world.ledger.write_chunk("p", "d", 0, [("a", "{}"), ("b", "{}")])
    world.ledger.commit_plan("p", "d")
    world.serve("p")
    world.begin("p.0")
    note = "attempt 3 of 10: 1 of 2 instances not there: gw-2 says version 41"
    world.ledger.poll_again(world.turn("p.0"), 50.0, wire_json({"step": 1, "attempt": 3, "note": note}))
    row = next(line for line in shown(live_plan(world)).splitlines() if line.startswith("a "))
    assert row.split("  ")[0] == "a"
    assert "1/1 one  health-check  3/10   1 of 2 instances not there: gw-2" in row
    assert "waits for a worker" in shown(live_plan(world))
    narrow = shown(live_plan(world), size=Size(60, 24))
    assert "  health-check 3/10: 1 of 2 instances not there" in narrow


@pytest.mark.parametrize("word", ["retry", "skip-stage"])
def test_a_failure_that_was_answered_is_no_cause_any_more(
    world: LedgerWorld, word: Literal["retry", "skip-stage"]
) -> None:
    """A pause keeps the task in its queue: what it waits with is told by what was asked for, by no event of its own."""
    failed, _ = world.started("p", ["a", "b"], max_concurrency=2)
    live = WatchedPlan(world.reader, "p", nullcontext, PossibleVerbs(world.operations))
    cells = Cells(live)
    live.listeners = (cells.take,)
    world.begin(failed)
    world.break_stage(failed)
    live.look()
    assert (told(live)[1], cells.text) == ({failed: "a"}, "fr")
    world.ask("pause", "p")
    if word == "retry":
        world.ask("retry", failed)
    else:
        FailureAnswers(world.ledger).on_task("skip-stage", failed, Order("ada", "because"))
    live.look()
    assert world.status(failed) == fold(world.events()).tasks[failed].state == TaskState.PENDING
    assert (told(live)[1], cells.text) == ({}, "pr")


def truth(world: LedgerWorld) -> tuple[set[str], dict[str, str], int]:
    """From the records alone: who moves, who failed, how many have ended."""
    tasks = StatusReader(world.reader).plan("p").tasks
    moving = {task.task_id for task in tasks if task.status in TASK_ACTIVE}
    failed = {task.task_id: task.tenant_id for task in tasks if task.status in FAILED}
    ended = sum(task.ended_at is not None for task in tasks)
    return moving, failed, ended


def told(live: LivePlan) -> tuple[set[str], dict[str, str], int]:
    failed = {task_id: tenant for group in live.causes for task_id, tenant in group.tenants.items()}
    return set(live.moving), failed, live.done


@pytest.mark.parametrize("seed", range(12))
def test_kept_up_to_date_it_says_what_a_fresh_look_says(world: LedgerWorld, seed: int) -> None:
    dice = random.Random(seed)
    world.started("p", [f"t{n}" for n in range(12)], max_concurrency=4)
    live = live_plan(world)
    for _ in range(60):
        task_id = f"p.{dice.randrange(12)}"
        status = world.task(task_id)["status"]
        match dice.randrange(6):
            case 0 | 1 if status in TASK_ACTIVE:
                if world.begin(task_id) is Begun.BEGUN:
                    world.succeed(task_id)
            case 2 if status in TASK_ACTIVE:
                if world.begin(task_id) is Begun.BEGUN:
                    world.fail(task_id)
            case 3:
                target = task_id if dice.random() < 0.8 else "p"
                world.ask(dice.choice(["retry", "rollback", "cancel", "pause", "resume"]), target)
            case _:
                world.serve("p")
        if dice.random() < 0.3:
            live.look()
            assert told(live) == told(live_plan(world))
            moving, failed, ended = truth(world)
            assert told(live)[:2] == (moving, failed)
            if live.summary.status not in PLAN_GOES_BACK:
                assert live.done == ended


def test_a_look_costs_the_same_whatever_the_size_of_the_plan(world: LedgerWorld) -> None:
    def commands() -> int:
        stats = world.client.info("commandstats")
        return sum(int(one["calls"]) for name, one in stats.items() if name != "cmdstat_info")

    costs = []
    for plan_id, total in (("small", 100), ("big", 5000)):
        world.open(plan_id, total, max_concurrency=50)
        for index in range(0, total, 500):
            size = min(500, total - index)
            world.ledger.write_chunk(plan_id, "d", index // 500, [(f"{plan_id}{index + n}", "{}") for n in range(size)])
        world.ledger.commit_plan(plan_id, "d")
        world.serve(plan_id)
        live = live_plan(world, plan_id)
        screen = Screen(live)
        screen.draw(View(), Size(80, 24))
        before = commands()
        for n in range(3):
            world.break_stage(f"{plan_id}.{n}")
        work = commands() - before
        before = commands()
        live.look()
        screen.draw(View(), Size(80, 24))
        costs.append((commands() - before, work > 0, len(live.moving)))
    assert costs[0] == costs[1]
    assert costs[0][0] < 40


def test_the_screen_is_never_higher_nor_wider_than_the_terminal(world: LedgerWorld) -> None:
    staff(world)
    world.started("p", [f"tenant-with-a-long-name-{n}" for n in range(80)], max_concurrency=60)
    for n in range(9):
        world.break_stage(f"p.{n}")
    live = live_plan(world)
    screen = Screen(live)
    for width, height in ((60, 24), (80, 24), (200, 60), (80, 12), (40, 10), (300, 100)):
        for kind in ("running", "failed", "waiting", "all"):
            lines = drawn(screen.draw(View(kind), Size(width, height)), width).splitlines()
            assert len(lines) <= height, (width, height, kind)
            assert max(len(line) for line in lines) <= width
