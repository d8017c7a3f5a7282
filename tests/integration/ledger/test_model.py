"""Random operations against the real ledger and the model: they agree after every step, and the invariants hold."""

from __future__ import annotations

import shlex

import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orchestrator.control.explain import Explainer
from orchestrator.domain.status import TASK_ACTIVE
from orchestrator.fleet.rules import FleetRules
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.long import IS_LONG, long, longer
from tests.support.pair import Pair, Previewed
from tests.support.pair_machine import PairMachine
from tests.support.seeds import SEEDS, run_seeded

TENANTS = ("a", "b", "c", "d")
OPERATIONS = ("pause", "resume", "cancel", "retry", "rollback")
NARROWS = {"--cause", "--cancelled"}


class Machine(PairMachine):
    """Up to three plans over four tenants, so that tasks meet; and some that a preview binds."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: Previewed = {}
        self.drafted = 0

    @initialize(slots=st.integers(1, 3), count=st.integers(1, 3))
    def first_plan(self, slots: int, count: int) -> None:
        self.pair.submit("p0", list(TENANTS[:count]), slots=slots)
        self.pair.serve("p0")

    @precondition(lambda self: len(self.pair.model.plans) < 3)
    @rule(
        tenants=st.lists(st.sampled_from(TENANTS), min_size=1, max_size=3, unique=True),
        slots=st.integers(1, 3),
        snapshot=st.sampled_from([True, True, False]),
        auto_rollback=st.booleans(),
    )
    def submit(self, tenants: list[str], slots: int, snapshot: bool, auto_rollback: bool) -> None:
        rules = FleetRules(len(tenants), auto_rollback=auto_rollback)
        self.pair.submit(f"p{len(self.pair.model.plans)}", tenants, slots=slots, snapshot=snapshot, rules=rules)

    @rule()
    def preview(self) -> None:
        self.shown = self.pair.preview(TENANTS)

    @precondition(lambda self: not self.pair.model.drafts and len(self.pair.model.plans) < 4)
    @rule(
        tenants=st.lists(st.sampled_from(TENANTS), min_size=1, max_size=3, unique=True),
        slots=st.integers(1, 3),
        snapshot=st.booleans(),
        anew=st.sampled_from([True, True, False]),
    )
    def draft(self, tenants: list[str], slots: int, snapshot: bool, anew: bool) -> None:
        """Bound to what its tenants are now, or were a while ago."""
        if anew or not self.shown:
            self.shown = self.pair.preview(TENANTS)
        self.drafted += 1
        self.pair.draft(f"d{self.drafted}", tenants, self.shown, slots=slots, snapshot=snapshot)

    @precondition(lambda self: self.pair.model.drafts)
    @rule()
    def commit(self) -> None:
        (plan_id,) = self.pair.model.drafts
        self.pair.commit(plan_id)

    @rule(data=st.data())
    def serve(self, data: st.DataObject) -> None:
        self.pair.serve(data.draw(st.sampled_from(sorted(self.pair.model.plans))))

    @rule()
    def serve_all(self) -> None:
        for plan_id in self.pair.model.plans:
            self.pair.serve(plan_id)

    @precondition(lambda self: self.tasks("queued"))
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.pair.worker("begin", self._draw(data, self.tasks("queued")))

    @precondition(lambda self: self.tasks("running"))
    @rule(data=st.data(), verb=st.sampled_from(["succeed", "succeed", "succeed", "fail", "poll"]))
    def end(self, data: st.DataObject, verb: str) -> None:
        task = self.pair.model.tasks[self._draw(data, self.tasks("running"))]
        self.pair.worker(verb if self._can_succeed(task) else "fail", task.id)

    @precondition(lambda self: self.tasks("running"))
    @rule(data=st.data(), serves=st.sampled_from([True, True, False]), count=st.integers(1, 4))
    def run_ahead(self, data: st.DataObject, serves: bool, count: int) -> None:
        """Stages of one task, each with what follows it in the same write."""
        task = self.pair.model.tasks[self._draw(data, self.tasks("running"))]
        for _ in range(count):
            if task.lease == "running" and self._can_succeed(task):
                self.pair.advance(task.id, serves=serves)

    @precondition(lambda self: self.tasks("queued", "running"))
    @rule(data=st.data())
    def run_on(self, data: st.DataObject) -> None:
        """Most of a task's way in one step, so that ended states are common."""
        task = self.pair.model.tasks[self._draw(data, self.tasks("queued", "running"))]
        for _ in range(data.draw(st.integers(1, 3))):
            if task.status in TASK_ACTIVE and task.lease == "queued":
                self.pair.worker("begin", task.id)
            if task.status in TASK_ACTIVE and task.lease == "running":
                self.pair.worker("succeed" if self._can_succeed(task) else "fail", task.id)

    @precondition(lambda self: self.tasks("queued", "running"))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        task = self.pair.model.tasks[self._draw(data, self.tasks("queued", "running"))]
        self.pair.lose(task.lease, task.id)

    @rule()
    def wake_lines(self) -> None:
        self.pair.wake_lines()

    @rule()
    def stall(self) -> None:
        self.pair.stall()

    @rule(data=st.data(), tenants=st.sampled_from([*TENANTS, "*"]))
    def exclude(self, data: st.DataObject, tenants: str) -> None:
        self.pair.exclude(data.draw(st.sampled_from(sorted(self.pair.model.plans))), tenants)

    @rule(data=st.data(), operation=st.sampled_from(OPERATIONS), scratch=st.booleans(), force=st.booleans())
    def ask_task(self, data: st.DataObject, operation: str, scratch: bool, force: bool) -> None:
        task_id = data.draw(st.sampled_from(sorted(self.pair.model.tasks)))
        override = bool(self.pair.model.freezes) and data.draw(st.booleans())
        self.pair.ask(operation, task_id, from_scratch=scratch, force=force, override=override)

    @rule(data=st.data(), operation=st.sampled_from(OPERATIONS), scratch=st.booleans(), force=st.booleans())
    def ask_plan(self, data: st.DataObject, operation: str, scratch: bool, force: bool) -> None:
        """``force`` of a resume is the acceptance of what has failed."""
        plan_id = data.draw(st.sampled_from(sorted(self.pair.model.plans)))
        override = bool(self.pair.model.freezes) and data.draw(st.booleans())
        self.pair.ask(operation, plan_id, from_scratch=scratch, force=force, override=override)

    @precondition(lambda self: len(self.pair.model.freezes) < 2)
    @rule(tenants=st.sampled_from([["a"], ["b"], list(TENANTS)]), rollbacks_too=st.sampled_from([False, False, True]))
    def freeze(self, tenants: list[str], rollbacks_too: bool) -> None:
        self.pair.freeze(tenants, rollbacks_too=rollbacks_too)

    @precondition(lambda self: self.pair.model.freezes)
    @rule(data=st.data())
    def unfreeze(self, data: st.DataObject) -> None:
        self.pair.unfreeze(data.draw(st.sampled_from(sorted(self.pair.model.freezes))))

    @precondition(lambda self: self.pair.model.freezes)
    @rule(data=st.data())
    def override(self, data: st.DataObject) -> None:
        self.pair.override(data.draw(st.sampled_from(sorted(self.pair.model.plans))))

    @rule()
    def thaw(self) -> None:
        self.pair.thaw()

    @rule(data=st.data(), is_plan=st.booleans())
    def do_what_explain_says(self, data: st.DataObject, is_plan: bool) -> None:
        """Whatever it offers is accepted, by the ledger and by the model, which knows nothing of how it was found."""
        world, model = self.pair.world, self.pair.model
        explainer = Explainer(world.ledger, world.reader, world.settings)
        if is_plan:
            found = explainer.plan(data.draw(st.sampled_from(sorted(model.plans))))
        else:
            found = explainer.task(data.draw(st.sampled_from(sorted(model.tasks))))
        offered = [shlex.split(command) for remark in found.remarks for command in remark.commands]
        operations = [words[1:] for words in offered if words[1] in OPERATIONS and not NARROWS & {*words}]
        if operations:
            operation, _, target, *options = data.draw(st.sampled_from(operations))
            scratch = "--from-scratch" in options
            force = "--force" in options or "--accept-failures" in options
            reply = self.pair.ask(operation, target, from_scratch=scratch, force=force)
            assert reply.answer == "ACCEPTED", f"{operation} of {target} {options} was offered: {reply}"


@longer
@pytest.mark.timeout(180)
def test_ledger_and_model_agree(redis_client: redis.Redis, settings: Settings) -> None:
    PairMachine.client, PairMachine.base = redis_client, settings
    run_state_machine_as_test(Machine, settings=LIMITS)


def test_a_sweep_after_a_stall_answers_nobody_until_its_grace_is_over(
    redis_client: redis.Redis, settings: Settings
) -> None:
    pair = Pair(LedgerWorld(redis_client, settings))
    pair.submit("p", ["a", "b"])
    pair.serve("p")
    pair.worker("begin", "p.0")
    for kind, task_id in (("running", "p.0"), ("queued", "p.1")):
        pair.stall()
        pair.lose(kind, task_id)
    assert pair.world.task("p.0")["recoveries"] == "1"


@long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", SEEDS)
def test_ledger_and_model_agree_under_any_seed(redis_client: redis.Redis, settings: Settings, number: int) -> None:
    PairMachine.client, PairMachine.base = redis_client, settings
    run_seeded(Machine, number, LIMITS)


LIMITS = settings(
    max_examples=60 if IS_LONG else 15,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    # Shrinking against a real server takes minutes; the failing steps are printed as they are.
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
