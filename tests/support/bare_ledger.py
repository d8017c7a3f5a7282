"""The ledger without any process: a test plays coordinator and worker itself, one script at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from orchestrator.client import Client
from orchestrator.history import LedgerDump, check_history, read_dump
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.outcomes import Begun
from orchestrator.ledger.records import Admitted, Turn
from orchestrator.settings.model import Settings
from tests.support.plans import noop_stage, plan, tenant


class BareLedger:
    def __init__(self, redis_client: redis.Redis, settings: Settings) -> None:
        self.redis = redis_client
        self.ledger = Ledger(redis_client, settings)
        self.keys = self.ledger.keys
        self.client = Client(settings)

    def submit(self, count: int = 3, plan_id: str = "p", max_concurrency: int = 10, **more: Any) -> None:
        tenants = [tenant(f"t{i}", **more) for i in range(count)]
        self.client.submit(plan(plan_id, tenants, [noop_stage("a"), noop_stage("b")], max_concurrency))

    def admit(self, plan_id: str = "p") -> Sequence[Admitted]:
        return self.ledger.admit(plan_id, 100).tasks

    def begin(self, task: Admitted, worker: str = "w/1") -> tuple[Begun, Turn]:
        turn = Turn(task.task_id, task.epoch, task.stage, task.turn)
        return self.ledger.begin(turn, worker)[0], turn

    def run(self, task: Admitted) -> None:
        """All its stages, well."""
        for stage in range(task.stage, task.legs):
            turn = Turn(task.task_id, task.epoch, stage, 0)
            assert self.ledger.begin(turn, f"w/{stage}")[0] is Begun.BEGUN
            self.ledger.advance(turn, "{}", healthy=False, config={})

    def dump(self) -> LedgerDump:
        return read_dump(self.redis, self.keys)

    def assert_holds(self, *, ended: bool = False) -> None:
        report = check_history(list(self.client.events()), self.dump(), ended=ended)
        assert report.holds, str(report)

    def repairs(self) -> int:
        return int(self.dump().meta.get("reconcilerRepairs", 0))
