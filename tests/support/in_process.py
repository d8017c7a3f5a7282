"""A coordinator's and a worker's work in the test's own process, turn by turn: for faults at an exact place."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import redis

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted, Turn
from orchestrator.plans.plan import Plan
from orchestrator.plans.submit import write_plan
from orchestrator.secrets.references import Secrets
from orchestrator.settings.model import Settings
from orchestrator.stages.stage_factory import StageFactory
from orchestrator.validation import validate_plan
from steps import HttpPool, Instances, RedisTarget, StepRegistry
from workers.checkpoints import TaskCheckpoints
from workers.lease_keeper import LeaseKeeper
from workers.middleware import Chain
from workers.next_link import Next, Proceed
from workers.plan_cache import PlanCache
from workers.run_ahead import RunAhead
from workers.runtime import make_limits
from workers.stage_runner import StageRunner
from workers.turn_run import StepResources


class InProcess:
    """One runner over the real ledger. Use as a context manager."""

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        registry: StepRegistry,
        checkpoints: TaskCheckpoints | None = None,
        middlewares: Chain | None = None,
        worker_settings: Settings | None = None,
        ahead: RunAhead | None = None,
    ) -> None:
        """``worker_settings``: what steps may do, when the worker's settings are not the submitter's."""
        self.ledger = Ledger(client, settings)
        self.ledger.announce()
        self.reader = Reader(client, self.ledger.keys)
        self._settings = settings
        self._registry = registry
        self._keeper = LeaseKeeper(self.ledger, settings.renew_seconds)
        self._http = HttpPool()
        self.runner = StageRunner(
            ledger=self.ledger,
            plans=PlanCache(self.reader, StageFactory(registry, settings)),
            keeper=self._keeper,
            resources=StepResources(
                target=RedisTarget(client, "test", own_ledger=True),
                http=self._http,
                targets={},
                instances=Instances({}, []),
                secrets=Secrets(settings.secrets_dir),
                limits=make_limits(worker_settings or settings, _own_server(settings)),
                most_output=(worker_settings or settings).checkpoint.size_limit_bytes,
            ),
            worker="test:1",
            checkpoints=checkpoints,
            middlewares=middlewares,
            ahead=ahead,
        )

    def submit(self, raw: Mapping[str, Any]) -> Plan:
        plan = validate_plan(raw, registry=self._registry, settings=self._settings).require()
        write_plan(self.ledger, plan)
        return plan

    def admit(self, plan_id: str) -> list[Admitted]:
        return self.ledger.admit(plan_id, 100).tasks

    def run(self, task: Admitted, stage: int | None = None, turn: int = 0) -> Next:
        """One turn of one leg, its time come; the task's next one unless said otherwise."""
        if turn:
            self.ledger.client.hset(self.ledger.keys.of("task", task.task_id), "dueAt", 0)
        return self.runner.run(Turn(task.task_id, task.epoch, task.stage if stage is None else stage, turn))

    def run_all(self, task: Admitted) -> Next:
        """Leg after leg, as the chain would, until one does not go on."""
        following = self.run(task)
        while isinstance(following, Proceed):
            following = self.run(following.task)
        return following

    def __enter__(self) -> InProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keeper.stop()
        self._http.close()


def _own_server(settings: Settings) -> str:
    return settings.redis_url.get_secret_value() if settings.redis_url else "redis://127.0.0.1:6379/0"
