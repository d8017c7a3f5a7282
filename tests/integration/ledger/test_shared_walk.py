"""Random walks of plans that share groups, under freezes, pauses, rollbacks and lost workers, against the real ledger:
every invariant holds after each step, and when everything has settled nobody waits who could be admitted."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.long import IS_LONG, longer

TENANTS = ("a", "b", "c", "d", "e")
GROUPS = st.sampled_from([["db"], ["db"], ["rack"], ["db", "rack"], ["db", "rack"], []])
Drawn = tuple[list[list[str]], int, int, int]
PLANS = st.tuples(
    st.lists(GROUPS, min_size=2, max_size=4), st.integers(1, 3), st.sampled_from([0, 0, 1]), st.sampled_from([0, 5, -5])
)
"""Groups of each tenant, slots, the plan's own limit of db (0 for none), priority."""


class Machine(RuleBasedStateMachine):
    """Up to four plans over five tenants and two groups; a fresh namespace each run."""

    client: ClassVar[redis.Redis]
    base: ClassVar[Settings]
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        Machine.runs += 1
        namespace = f"{self.base.namespace}-w{Machine.runs}"
        self.world = LedgerWorld(self.client, self.base.model_copy(update={"namespace": namespace}))
        self.plans: list[str] = []
        self.freezes: list[str] = []

    def tasks(self) -> list[str]:
        records = {plan_id: self.world.reader.plan_record(plan_id) for plan_id in self.plans}
        return [f"{plan_id}.{n}" for plan_id, record in records.items() for n in range(int(record["total"]))]

    def active(self) -> list[str]:
        return sorted(task for plan_id in self.plans for task in self.world.slots(plan_id))

    @initialize(db=st.integers(1, 2), rack=st.integers(1, 2), plans=st.lists(PLANS, min_size=2, max_size=2))
    def begin(self, db: int, rack: int, plans: list[Drawn]) -> None:
        self.world.limit_groups({"db": db, "rack": rack})
        for drawn in plans:
            self.submit(drawn)
        self.world.coordinate()

    @precondition(lambda self: len(self.plans) < 4)
    @rule(drawn=PLANS)
    def another(self, drawn: Drawn) -> None:
        self.submit(drawn)

    def submit(self, drawn: Drawn) -> None:
        groups, slots, own, priority = drawn
        plan_id = f"p{len(self.plans)}"
        tenants = TENANTS[len(self.plans) % 2 :][: len(groups)]
        traits = {name: {"groups": of} for name, of in zip(tenants, groups, strict=False) if of}
        self.world.plan(plan_id, tenants, traits=traits, max_concurrency=slots)
        key = self.world.keys.of("plan", plan_id)
        if own:
            self.client.hset(key, "group:db", own)
        self.client.hset(key, "priority", priority)
        self.plans.append(plan_id)

    @rule()
    def coordinate(self) -> None:
        self.world.coordinate()

    @precondition(lambda self: self.active())
    @rule(data=st.data(), how=st.sampled_from(["finish", "finish", "break", "stage", "ahead", "lose"]))
    def work(self, data: st.DataObject, how: str) -> None:
        task_id = data.draw(st.sampled_from(self.active()))
        world = self.world
        if world.task(task_id)["lease"] == "queued" and world.begin(task_id) != "BEGUN":
            return
        if how == "lose":
            world.expire("leases_running", task_id)
            world.ledger.call("sweep_running", 100, 2, 100)
        elif how == "break":
            world.fail(task_id)
        elif how == "ahead":
            world.advance(task_id)
        else:
            ended = str(world.succeed(task_id))
            while how == "finish" and ended == "NEXT" and world.begin(task_id) == "BEGUN":
                ended = str(world.succeed(task_id))

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), verb=st.sampled_from(["pause", "resume", "cancel", "retry", "rollback"]), whole=st.booleans())
    def ask(self, data: st.DataObject, verb: str, whole: bool) -> None:
        self.world.ask(verb, data.draw(st.sampled_from(self.plans if whole else self.tasks())))

    @precondition(lambda self: len(self.freezes) < 2)
    @rule(tenants=st.sampled_from([*TENANTS, "*"]), rollbacks_too=st.booleans())
    def freeze(self, tenants: str, rollbacks_too: bool) -> None:
        self.freezes.append(self.world.freeze(tenants, rollbacks_too=rollbacks_too))

    @precondition(lambda self: self.freezes)
    @rule()
    def unfreeze(self) -> None:
        self.world.unfreeze(self.freezes.pop())

    @rule(db=st.integers(1, 3), rack=st.integers(1, 3))
    def other_limits(self, db: int, rack: int) -> None:
        self.world.limit_groups({"db": db, "rack": rack})

    @invariant()
    def holds(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        """Whatever happened: with everything thawed, resumed and worked off, every plan ends."""
        world = self.world
        try:
            while self.freezes:
                world.unfreeze(self.freezes.pop())
            for task_id in self.tasks():
                world.ask("resume", task_id)
            for plan_id in self.plans:
                world.ask("resume", plan_id)
            for _ in range(200):
                self._settle()
                if not (active := self.active()):
                    break
                self._end(active[0])
            states = {plan_id: world.status(plan_id) for plan_id in self.plans}
            assert set(states.values()) <= {str(state) for state in PLAN_ENDED}, states
        finally:
            names: Any = world.client.keys(f"{world.keys.root}*")
            if names:
                world.client.delete(*names)

    def _settle(self) -> None:
        """What coordinators do until nothing is left to do: then nobody waits for a group that has room."""
        world = self.world
        for _ in range(3):
            world.coordinate()
            world.ledger.call("sweep_lines", 100, 1000)
            world.ledger.call("sweep_groups", 100, 1000)
        world.coordinate()
        for task_id in self.tasks():
            record = world.task(task_id)
            if "groupFor" not in record:
                continue
            names = record["groups"].split()
            names += (
                [] if record.get("rollbackRequested") else [f"{task_id.partition('.')[0]}:{name}" for name in names]
            )
            uses = world.reader.groups.uses(names).values()
            full = [use for use in uses if use.limit is not None and use.used >= use.limit]
            assert full or self.active(), f"{task_id} waits for {names}, which have room: {record}"

    def _end(self, task_id: str) -> None:
        world = self.world
        for _ in range(10):
            record = world.task(task_id)
            if record["status"] not in TASK_ACTIVE:
                return
            if record["lease"] == "queued" and world.begin(task_id) != "BEGUN":
                continue
            world.succeed(task_id)


@longer
@pytest.mark.timeout(180)
def test_shared_groups_keep_every_invariant_and_leave_nobody_behind(
    redis_client: redis.Redis, settings: Settings
) -> None:
    Machine.client, Machine.base = redis_client, settings
    run_state_machine_as_test(Machine, settings=LIMITS)


LIMITS = settings(
    max_examples=16 if IS_LONG else 4,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
