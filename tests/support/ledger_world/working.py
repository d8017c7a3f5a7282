"""What workers do, by task id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from checkpoint import Checkpoint
from orchestrator.domain.status import TaskState
from orchestrator.ledger.outcomes import Begun, Ended
from orchestrator.ledger.records import Advanced, Onward, Turn, TurnRecord
from orchestrator.stages.rollback_strategy import configs_for
from tests.support.ledger_world.coordinating import Coordinating
from tests.support.ledger_world.rows import FAILURE


class Working(Coordinating):
    """What a worker knows of a begun turn is kept here between begin and end."""

    def begin(self, task_id: str) -> Begun:
        # A poll's time has come.
        if "dueAt" in self.task(task_id):
            self.client.hset(self.keys.of("task", task_id), "dueAt", 0)
        code, record = self.ledger.begin(self.turn(task_id), "worker")
        if isinstance(record, TurnRecord):
            self._records[task_id] = record
        return code

    def has_begun(self, task_id: str) -> bool:
        """Whether a worker of this world knows its turn."""
        return task_id in self._records

    def record_of(self, task_id: str) -> TurnRecord:
        """What the worker knows of it."""
        return self._records[task_id]

    def poll(self, task_id: str, delay_seconds: float = 5.0) -> Ended:
        return self.ledger.poll_again(self.turn(task_id), delay_seconds, '{"step":1}')[0]

    def succeed(self, task_id: str, *, healthy: bool = True) -> Ended:
        return self.succeed_turn(self.turn(task_id), healthy=healthy)

    def succeed_turn(self, turn: Turn, *, healthy: bool = True) -> Ended:
        return self.advance_turn(turn, None, healthy=healthy).ended

    def advance(self, task_id: str, delivery: str = "worker", lanes: str = "") -> Advanced:
        """Records the begun stage; what follows begins for the same delivery."""
        return self.advance_turn(self.turn(task_id), Onward(delivery, lanes))

    def advance_turn(self, turn: Turn, onward: Onward | None, *, healthy: bool = True) -> Advanced:
        record = self._records[turn.task_id]
        done = Checkpoint(turn.task_id, turn.epoch, record.attempt, record.mode, turn.stage + 1, record.stage_name)
        goes_back = record.mode is TaskState.ROLLING_BACK
        advanced = self.ledger.advance(
            turn, done.to_json(), healthy=healthy, config=configs_for(record)[0], goes_back=goes_back, onward=onward
        )
        if advanced.stage is not None:
            self._records[turn.task_id] = replace(record, stage_index=advanced.stage[0], stage_name=advanced.stage[1])
        if advanced.task is not None:
            self._records[advanced.task[0].task_id] = advanced.task[1]
        return advanced

    def fail(self, task_id: str) -> Ended:
        return self.ledger.fail(self.turn(task_id), FAILURE)

    def stage(self, task_id: str) -> Ended:
        """Begins the due stage and records it as done."""
        begun = self.begin(task_id)
        assert begun is Begun.BEGUN, begun
        return self.succeed(task_id)

    def finish(self, task_id: str) -> Ended:
        """All stages that are left, in the direction that the task goes."""
        while (ended := self.stage(task_id)) is Ended.NEXT:
            pass
        return ended

    def done(self, plan_id: str, *tenants: str, **options: Any) -> list[str]:
        """Submits a plan and moves all of it; answers its task ids."""
        ids = self.started(plan_id, tenants, **options)
        for task_id in ids:
            self.finish(task_id)
        return ids

    def finish_turn(self, task_id: str) -> Ended:
        """Records the begun stage, then does all that are left."""
        ended = self.succeed(task_id)
        return self.finish(task_id) if ended is Ended.NEXT else ended

    def break_stage(self, task_id: str) -> Ended:
        """Begins the due stage and fails it."""
        assert self.begin(task_id) is Begun.BEGUN
        return self.fail(task_id)
