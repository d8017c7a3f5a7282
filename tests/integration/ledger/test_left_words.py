"""Who leaves `watch` is told what the plan does, and what would change that: each command would be taken."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from orchestrator import Client
from orchestrator.cli.watch.left import left_words
from orchestrator.cli.watch.screen import Screen
from orchestrator.control.answers import Explanation, Remark
from orchestrator.control.explain.situations import Situation
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.planted import staff

BACK = "to come back: changeover watch p"
SAID = {
    "": [f"the plan goes on; {BACK}", "to stop it: changeover pause p"],
    "pause": ["plan p: it is pausing by ada: 1 stages still run to their end", "    changeover resume --plan p", BACK],
    "cancel": ["plan p: it is being cancelled by ada; 1 stages still run to their end", BACK],
    "rollback": ["plan p: it rolls back by ada, the newest first", BACK],
}


def left(client: Client) -> list[str]:
    return left_words(client.explain(plan_id="p"))


@pytest.mark.parametrize(("ask", "said"), SAID.items())
def test_no_command_is_named_that_would_do_nothing(
    ask: str, said: list[str], world: LedgerWorld, settings: Settings
) -> None:
    task, _ = world.started("p", ["a", "b"], max_concurrency=1)
    world.begin(task)
    if ask:
        world.ask(ask, "p", Order("ada", ""))
    with Client(settings) as client:
        dead, *others = left(client)
        assert dead.startswith("plan p: no coordinator is alive")
        assert others[0] == "    changeover coordinator"
        staff(world)
        assert left(client) == said


def test_a_console_s_viewer_is_told_which_role_a_pause_takes(world: LedgerWorld, settings: Settings) -> None:
    task, _ = world.started("p", ["a", "b"], max_concurrency=1)
    world.begin(task)
    staff(world)
    with Client(settings) as client:
        *_, stops = left_words(client.explain(plan_id="p"), by_role=True)
    assert stops == "to stop it, which takes the role operator: changeover pause p"


def test_a_plan_whose_tasks_all_wait_for_something_else_does_not_go_on(world: LedgerWorld, settings: Settings) -> None:
    world.freeze("f")
    world.started("q", ["a", "b"], max_concurrency=2)
    world.started("p", ["b"])
    world.started("r", ["f"])
    staff(world)
    with Client(settings) as client:
        assert left(client) == [
            "plan p: 1 wait for tenants that tasks of plan q hold, RUNNING; such as b (p.0)",
            *("    changeover explain --task p.0", BACK, "to stop it: changeover pause p"),
        ]
        frozen, *others = left_words(client.explain(plan_id="r"))
        assert frozen.startswith("plan r: 1 tasks (such as f (r.0)) are frozen until")
        assert others[0] == "    changeover unfreeze freeze-1 --reason 'it is needed no longer'"


@pytest.mark.parametrize("situation", [Situation.DRAFT, Situation.DRAFT_ABANDONED, Situation.OTHER_BROKER])
def test_what_is_not_submitted_or_reaches_no_worker_does_not_go_on(situation: Situation) -> None:
    """Though a stage of it is said to run."""
    runs = Remark(situation=Situation.STAGE_RUNS, sentence="1 wait for a worker")
    stops = Remark(situation=situation, sentence="it stands", commands=["changeover purge p"])
    told = Explanation(target_type="plan", target_id="p", status="RUNNING", reasons=[], remarks=[runs, stops])
    assert left_words(told) == ["plan p: it stands", "    changeover purge p", BACK]


def test_a_gate_and_an_end(world: LedgerWorld, settings: Settings) -> None:
    rules = FleetRules(2, None, "pause", (Wave("canary", 1, gate="manual"), Wave("rest", 1)))
    world.started("p", ["a", "b"], rules=rules, wave_of=[0, 1])
    world.finish("p.0")
    world.coordinate()
    staff(world)
    answer = "--plan p --wave canary --reason 'say why'"
    with Client(settings) as client:
        screen, out = Screen(client.live("p")), io.StringIO()
        Console(file=out, width=80).print(screen.closing(80), crop=False)
        lines = [one.rstrip() for one in out.getvalue().splitlines()]
        place = lines.index("wave 1 of 2: waits for approval of wave canary")
        # Whole in one line, to be pasted.
        assert lines[place + 1] == f"  changeover approve {answer}"
        gate = [f"    changeover {word} {answer}" for word in ("approve", "reject")]
        assert left(client) == ["plan p: waits for approval of wave canary", *gate, BACK]
        world.ask("cancel", "p")
        world.coordinate()
        assert left(client) == [f"the plan is CANCELLED; {BACK}"]
