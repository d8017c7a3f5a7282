"""What random runs over ledger and model share: a fresh namespace each, judged after every step."""

from __future__ import annotations

from typing import Any, ClassVar

import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orchestrator.domain.status import TaskState
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.model import Task
from tests.support.pair import Pair


class PairMachine(RuleBasedStateMachine):
    """A fresh namespace each run."""

    client: ClassVar[redis.Redis]
    base: ClassVar[Settings]
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        PairMachine.runs += 1
        namespace = f"{self.base.namespace}-{PairMachine.runs}"
        # A heartbeat comes by the time that passes, of which the model knows nothing.
        apart = {"namespace": namespace, "heartbeat_seconds": 86400.0}
        world = LedgerWorld(self.client, self.base.model_copy(update=apart))
        # Some tasks are few and retried in the call, or any number is many: both ways, whatever the seed.
        self.pair = Pair(world, retried_at_once=PairMachine.runs % 2)

    def tasks(self, *leases: str) -> list[Task]:
        return [task for task in self.pair.model.tasks.values() if task.lease in leases]

    @rule(data=st.data(), is_plan=st.booleans())
    def accept(self, data: st.DataObject, is_plan: bool) -> None:
        known = self.pair.model.plans if is_plan else self.pair.model.tasks
        self.pair.accept(data.draw(st.sampled_from(sorted(known))))

    @precondition(lambda self: self.failed())
    @rule(data=st.data())
    def skip_stage(self, data: st.DataObject) -> None:
        self.pair.skip_stage(self._draw(data, self.failed()))

    @rule(data=st.data())
    def skip_a_stage_of_any(self, data: st.DataObject) -> None:
        """Mostly refused."""
        self.pair.skip_stage(data.draw(st.sampled_from(sorted(self.pair.model.tasks))))

    def failed(self) -> list[Task]:
        return [task for task in self.pair.model.tasks.values() if task.status is TaskState.FAILED]

    @invariant()
    def holds(self) -> None:
        self.pair.world.check()

    def _can_succeed(self, task: Task) -> bool:
        """A plan's rollback also asks tasks that have nowhere to go back to: their worker says so."""
        return task.status is not TaskState.ROLLING_BACK or task.snapshot

    def _draw(self, data: st.DataObject, tasks: list[Task]) -> str:
        return str(data.draw(st.sampled_from([task.id for task in tasks])))

    def teardown(self) -> None:
        world = self.pair.world
        names: Any = world.client.keys(f"{world.keys.root}*")
        if names:
            world.client.delete(*names)
