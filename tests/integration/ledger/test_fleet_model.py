"""Random fleets in waves, failures, crashes, looks and people's calls: ledger and model agree after every step, nobody
is admitted who should not be (I13), and no more fail than is said (I14).
"""

from __future__ import annotations

import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from orchestrator.domain.status import TASK_ACTIVE, TaskState
from orchestrator.domain.waves import WaveState
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.settings.model import Settings
from tests.support.long import IS_LONG, long, longer
from tests.support.model import Limits, Plan
from tests.support.pair_machine import PairMachine
from tests.support.seeds import SEEDS, run_seeded

TENANTS = ("a", "b", "c", "d", "e", "f")
TOLERANCES = st.one_of(st.none(), st.builds(Tolerance, st.integers(0, 2), st.booleans()))
BEHIND_IT = ((), ("resume",), ("resume", "pause", "resume")) if IS_LONG else ((),)
ACTIONS = ("pause", "pause", "cancel", "rollback_wave", "rollback_plan")


@st.composite
def fleets(draw: st.DrawFn, tenants: int) -> tuple[FleetRules, list[int]]:
    """Rules for so many tenants, and each one's wave; some have no waves."""
    count = draw(st.sampled_from([0, 1, 2, 2, 3]))
    wave_of = sorted(draw(st.lists(st.integers(0, max(count - 1, 0)), min_size=tenants, max_size=tenants)))
    if draw(st.booleans()):
        wave_of = draw(st.permutations(wave_of))
    waves = tuple(
        Wave(
            f"w{index}",
            wave_of.count(index),
            max_concurrency=draw(st.sampled_from([None, None, 1, 2])),
            tolerance=draw(TOLERANCES),
            # A moment long: each round is the last, unless somebody was not there.
            soak_seconds=draw(st.sampled_from([None, 0.001])),
            gate=draw(st.sampled_from(["", "", "manual"])),
        )
        for index in range(count)
    )
    rules = FleetRules(
        tenants, draw(TOLERANCES), draw(st.sampled_from(ACTIONS)), waves, auto_rollback=draw(st.booleans())
    )
    return rules, wave_of if count else []


class FleetMachine(PairMachine):
    """Up to two plans over six tenants; most steps bring a plan on."""

    def __init__(self) -> None:
        super().__init__()

    @initialize(data=st.data(), slots=st.integers(1, 4), count=st.integers(2, 6))
    def first_plan(self, data: st.DataObject, slots: int, count: int) -> None:
        self._submit(data, list(TENANTS[:count]), slots)
        self.pair.serve("p0")

    @precondition(lambda self: len(self.pair.model.plans) < 2)
    @rule(data=st.data(), tenants=st.lists(st.sampled_from(TENANTS), min_size=1, max_size=3, unique=True))
    def submit(self, data: st.DataObject, tenants: list[str]) -> None:
        self._submit(data, tenants, data.draw(st.integers(1, 3)))

    def _submit(self, data: st.DataObject, tenants: list[str], slots: int) -> None:
        rules, wave_of = data.draw(fleets(len(tenants)))
        # Where the plan says of nobody what to go back to, who has not been moved before cannot.
        snapshot = data.draw(st.sampled_from([True, True, False]))
        plan_id = f"p{len(self.pair.model.plans)}"
        self.pair.submit(plan_id, tenants, slots=slots, snapshot=snapshot, rules=rules, wave_of=wave_of)

    @rule(data=st.data(), steps=st.integers(1, 12), luck=st.integers(0, 4))
    def bring_on(self, data: st.DataObject, steps: int, luck: int) -> None:
        """A plan as far as it goes: tasks move, fail one in so many times, and are looked at; a gate is answered."""
        plan = data.draw(st.sampled_from(sorted(self.pair.model.plans)))
        for _ in range(steps):
            self.pair.serve(plan)
            active = [task for task in self.tasks("queued", "running") if task.plan.id == plan]
            if not active:
                self._answer(data, self.pair.model.plans[plan])
                continue
            task = self.pair.model.tasks[self._draw(data, active)]
            if task.lease == "queued":
                self.pair.worker("begin", task.id)
            fails = data.draw(st.integers(0, luck)) == 0 and luck > 0
            while task.status in TASK_ACTIVE and task.lease == "running":
                if fails or not self._can_succeed(task):
                    self.pair.worker("fail", task.id)
                else:
                    self.pair.advance(task.id, serves=data.draw(st.booleans()))

    def _answer(self, data: st.DataObject, plan: Plan) -> None:
        if plan.undone is not None and plan.undone.state is WaveState.SOAKING:
            gone = data.draw(st.sets(st.sampled_from(TENANTS), max_size=2))
            for _ in range(2):
                self.pair.look(plan.id, frozenset(gone))
        elif plan.undone is not None and plan.undone.gate:
            self.pair.answer_gate(plan.id, approves=data.draw(st.sampled_from([True, True, False])))

    @precondition(lambda self: len(self.pair.model.plans) < 3)
    @rule(data=st.data(), pauses=st.booleans())
    def give_up_before_the_start(self, data: st.DataObject, pauses: bool) -> None:
        """No coordinator has looked at it; some of it is moved after all."""
        plan = f"p{len(self.pair.model.plans)}"
        self._submit(data, list(TENANTS[:3]), 2)
        if pauses:
            self.pair.ask("pause", plan)
        self.pair.ask("cancel", plan)
        self.pair.serve(plan)
        for task in data.draw(st.lists(st.integers(0, 2), min_size=1, unique=True)):
            self.pair.ask("retry", f"{plan}.{task}", from_scratch=True)
        self.pair.serve(plan)

    @precondition(lambda self: self.failed())
    @rule(data=st.data())
    def retry_one_and_accept_the_others(self, data: st.DataObject) -> None:
        """What stops the one is gone then."""
        task_id = self._draw(data, self.failed())
        plan = self.pair.model.tasks[task_id].plan
        self.pair.ask("retry", task_id)
        self.pair.serve(plan.id)
        self.pair.accept(plan.id)

    @precondition(lambda self: self.tasks("queued", "running"))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """A worker dies, or a message is lost."""
        task = self.pair.model.tasks[self._draw(data, self.tasks("queued", "running"))]
        self.pair.lose(task.lease, task.id)

    @rule(data=st.data(), tenants=st.sampled_from([*TENANTS, "*"]))
    def exclude(self, data: st.DataObject, tenants: str) -> None:
        self.pair.exclude(data.draw(st.sampled_from(sorted(self.pair.model.plans))), tenants)

    @rule(data=st.data(), operation=st.sampled_from(["retry", "retry", "rollback", "pause", "resume", "cancel"]))
    def ask_task(self, data: st.DataObject, operation: str) -> None:
        task_id = data.draw(st.sampled_from(sorted(self.pair.model.tasks)))
        self.pair.ask(operation, task_id, from_scratch=data.draw(st.booleans()))

    @rule(data=st.data(), operation=st.sampled_from(["resume", "resume", "retry", "retry", "pause", "any"]))
    def ask_plan(self, data: st.DataObject, operation: str) -> None:
        """``force`` of a resume is the acceptance of what has failed. Behind a retry from scratch, which is often left
        to coordinators, the plan is let go on."""
        plan_id = data.draw(st.sampled_from(sorted(self.pair.model.plans)))
        word = data.draw(st.sampled_from(["cancel", "rollback"])) if operation == "any" else operation
        anew = word == "retry" and data.draw(st.booleans())
        self.pair.ask(word, plan_id, from_scratch=anew, force=data.draw(st.booleans()))
        for follows in data.draw(st.sampled_from(BEHIND_IT)) if anew else ():
            self.pair.ask(follows, plan_id)

    @invariant()
    def bound(self) -> None:
        """I14 as numbers: strict, one beyond what is borne; soft, as many as may run at once."""
        for plan in self.pair.model.plans.values():
            for part in plan.parts:
                if part.tolerance is None:
                    continue
                at_once = 1 if part.strict else min(plan.slots, part.most)
                # A rollback is never stopped, so one that fails counts and is bounded by nothing.
                moves = sum(
                    (task.status is TaskState.FAILED and not task.accepted) or task.is_taken_back for task in part.tasks
                )
                assert moves <= part.tolerance + part.accepted + at_once, f"{plan.id}: {self._words(part)}"

    @staticmethod
    def _words(part: Limits) -> str:
        return f"{part.failed} failed, {part.tolerance} + {part.accepted} borne"


@longer
@pytest.mark.timeout(180)
def test_waves_and_breakers_agree(redis_client: redis.Redis, settings: Settings) -> None:
    PairMachine.client, PairMachine.base = redis_client, settings
    run_state_machine_as_test(FleetMachine, settings=LIMITS)


@long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", SEEDS)
def test_waves_and_breakers_agree_under_any_seed(redis_client: redis.Redis, settings: Settings, number: int) -> None:
    PairMachine.client, PairMachine.base = redis_client, settings
    run_seeded(FleetMachine, number, LONG_LIMITS)


LIMITS = settings(
    max_examples=18 if IS_LONG else 5,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
LONG_LIMITS = settings(LIMITS, max_examples=40)
