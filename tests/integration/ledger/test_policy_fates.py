"""Small fleets under every policy at random, seeded: tasks fail, go back by policy, with their wave or by hand, are
accepted, skipped, retried. The history checker judges each, and each comes to its end (I7, I9, I13, I14)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, PlanState
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.failure_answers import FailureAnswers
from orchestrator.ledger.operations import Order
from orchestrator.ledger.outcomes import Begun
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld

ACTIONS = ("pause", "cancel", "rollback_wave", "rollback_plan")
ASKED = ("resume", "resume", "rollback", "rollback", "retry", "retry", "pause", "cancel")
STEPS = 60


@dataclass
class Fate:
    """One plan, and what happens to it."""

    world: LedgerWorld
    chance: random.Random
    tasks: list[str] = field(default_factory=list)

    def submit(self) -> None:
        chance, count = self.chance, self.chance.randint(2, 5)
        first = chance.randint(1, count)
        sizes = [first, count - first] if first < count else [count]
        waves = tuple(
            Wave(f"w{index}", size, tolerance=self._tolerance(), gate=chance.choice(["", "manual"]))
            for index, size in enumerate(sizes)
        )
        rules = FleetRules(count, self._tolerance(), chance.choice(ACTIONS), waves, auto_rollback=chance.random() < 0.8)
        wave_of = [index for index, size in enumerate(sizes) for _ in range(size)]
        tenants = [f"t{index}" for index in range(count)]
        self.tasks = self.world.plan(
            "p", tenants, rules=rules, wave_of=wave_of, stages=["one", "two"], max_concurrency=chance.randint(1, 3)
        )

    def _tolerance(self) -> Tolerance | None:
        return Tolerance(self.chance.randint(0, 1), self.chance.random() < 0.5) if self.chance.random() < 0.6 else None

    def work(self, luck: float) -> None:
        """A stage of one of those that run."""
        active = [task for task in self.tasks if self.world.status(task) in TASK_ACTIVE]
        if not active:
            return
        task = self.chance.choice(active)
        if self.world.task(task).get("lease") == "queued" and self.world.begin(task) is not Begun.BEGUN:
            return
        (self.world.succeed if self.chance.random() < luck else self.world.fail)(task)

    def ask(self) -> None:
        """Something of somebody; what is refused is refused."""
        task, order = (
            self.chance.choice(self.tasks),
            Order("ada", "because", accept_failures=self.chance.random() < 0.5),
        )
        answers = FailureAnswers(self.world.ledger)
        acts: list[Callable[[], object]] = [
            lambda: answers.on_task("accept", task, order),
            lambda: answers.on_task("skip-stage", task, order),
            lambda: self.world.operations.answer_gate("p", "", order, approves=self.chance.random() < 0.7),
            lambda: self.world.ask_again(self.chance.choice(ASKED), self.chance.choice(["p", task]), order),
        ]
        self.chance.choices(acts, [2, 1, 2, 4])[0]()

    def bring_to_an_end(self) -> None:
        """Everything goes well from now on, and people answer what waits for them; at last they give it up."""
        for number in range(60):
            self.world.coordinate()
            for _ in range(6):
                self.work(1.0)
            if self.world.status("p") in PLAN_ENDED:
                return
            order = Order("ada", "because", accept_failures=True)
            self.world.operations.answer_gate("p", "", order, approves=True)
            self.world.ask("resume", "p", order)
            for task in self.tasks:
                self.world.ask("resume", task)
            if number > 40:
                self.world.ask("cancel", "p")
        raise AssertionError(f"{self.world.status('p')}: {self.world.reader.plan_record('p')}")


@pytest.mark.parametrize("seed", [*range(7), 59])
def test_whatever_becomes_of_failures_log_and_ledger_agree(world: LedgerWorld, seed: int) -> None:
    fate = Fate(world, random.Random(seed))
    fate.submit()
    for step in range(STEPS):
        fate.chance.choices([world.coordinate, lambda: fate.work(0.55), fate.ask], [4, 9, 3])[0]()
        if step % 20 == 19:
            judgement = judged(world.client, world.keys)
            assert judgement.holds, str(judgement)
    fate.bring_to_an_end()
    judgement = judged(world.client, world.keys)
    assert judgement.holds, str(judgement)
    assert PlanState(world.status("p")) in PLAN_ENDED
    assert [world.holder(f"t{index}") for index in range(len(fate.tasks))] == [None] * len(fate.tasks)
