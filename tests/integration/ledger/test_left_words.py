"""Who leaves `watch` is told what the plan does, and what would change that: each command would be taken."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from orchestrator import Client
from orchestrator.cli.watch.left import left_words
from orchestrator.cli.watch.screen import Screen
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
        # Whole in one line, to be pasted.
        line = f"wave 1 of 2: waits for approval of wave canary; changeover approve {answer}"
        assert line in [one.rstrip() for one in out.getvalue().splitlines()]
        gate = [f"    changeover {word} {answer}" for word in ("approve", "reject")]
        assert left(client) == ["plan p: waits for approval of wave canary", *gate, BACK]
        world.ask("cancel", "p")
        world.coordinate()
        assert left(client) == [f"the plan is CANCELLED; {BACK}"]
