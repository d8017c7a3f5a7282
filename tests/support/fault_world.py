"""A whole deployment of one test that can be broken: its own Redis, coordinators, workers, recording instances."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.control.answers import PlanStatus
from orchestrator.domain.events import Event, TaskRecovered
from orchestrator.history import LedgerDump, Report, StageMessages, check_history, read_dump, read_messages
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support import effect_step
from tests.support.cluster import Cluster
from tests.support.effect_instances import EffectInstances
from tests.support.place import Place
from tests.support.plans import CONFIG_WRITE, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

TREE = Path(__file__).parents[2]
LEASE_SECONDS = 1.5
SHORT = {
    "CHANGEOVER_LEASE_SECONDS": str(LEASE_SECONDS),
    "CHANGEOVER_RENEW_SECONDS": "0.4",
    "CHANGEOVER_SWEEP_SECONDS": "0.3",
}
EFFECT = {"type": "record-effect", "url": "{{ tenant.variables.effects }}"}


def effect_stage(name: str, *before: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "steps": [*before, EFFECT]}


def write_stage(name: str) -> dict[str, Any]:
    """Config written, then an effect."""
    return effect_stage(name, CONFIG_WRITE)


class FaultWorld:
    """Processes are started by the test; ``report`` judges what happened."""

    def __init__(
        self, folder: Path, server: RedisServer, *, broker_server: RedisServer | None = None, **settings: str
    ) -> None:
        """The broker has the ledger's server, or one of its own. Processes reach both as ``settings`` say, else
        straight; the test itself always goes straight."""
        self.folder = folder
        self.server = server
        self.broker_server = broker_server or server
        self.place = Place(server.user_url(0), self.broker_server.user_url(1))
        self.instances = EffectInstances()
        paths = [str(effect_step.install(folder / "path")), str(TREE)]
        environment = {**SHORT, "PYTHONPATH": os.pathsep.join(paths), **settings}
        self.cluster = Cluster(self.place, folder, **environment)
        self.settings = Settings(
            namespace=self.place.namespace,
            redis_url=SecretStr(self.place.redis_url),
            broker_url=SecretStr(self.place.broker_url),
            lease_seconds=float(environment["CHANGEOVER_LEASE_SECONDS"]),
            renew_seconds=float(environment["CHANGEOVER_RENEW_SECONDS"]),
        )
        self.keys = Keys(self.place.namespace)
        self.redis = connect(self.place.admin_url, patient=True)
        self.broker = redis.Redis.from_url(self.place.admin_broker_url)
        sys.path.insert(0, paths[0])
        self.client = Client(self.settings)

    def submit(
        self,
        count: int,
        stages: Sequence[dict[str, Any]],
        *,
        plan_id: str = "p",
        max_concurrency: int = 50,
        head: Mapping[str, Any] | None = None,
        traits: Callable[[int], dict[str, Any]] = lambda _: {},
    ) -> None:
        """``head``: what the plan says besides; ``traits``: what the tenant at a position does."""
        tenants = [
            tenant(f"{plan_id}-t{i}", variables={"effects": self.instances.url(f"{plan_id}-t{i}")}, **traits(i))
            for i in range(count)
        ]
        self.client.submit({**plan(plan_id, tenants, stages, max_concurrency), **(head or {})})

    def wait(self, plan_id: str = "p", seconds: float = 60.0) -> PlanStatus:
        return self.client.wait(plan_id, timeout_seconds=seconds)

    def wait_effects(self, count: int) -> None:
        """Until that many effects have arrived."""
        wait_until(lambda: len(self.instances.effects) >= count)

    def events(self, plan_id: str | None = None) -> list[Event]:
        return list(self.client.events(plan_id))

    def recoveries(self) -> list[TaskRecovered]:
        return [event for event in self.events() if isinstance(event, TaskRecovered)]

    def dump(self) -> LedgerDump:
        return read_dump(self.redis, self.keys)

    def report(
        self,
        effect_stages: Sequence[int] = (),
        *,
        ended: bool = True,
        damaged: Collection[str] = (),
        lost_workers: int = 0,
    ) -> Report:
        """What the history checker says of everything so far; ``damaged`` are plans that the test itself damaged.
        ``lost_workers`` have ended, in whatever way.
        """
        # Before the log is read: what explains a repeat is written before it comes, so a later log has it.
        effects = list(self.instances.effects)
        dump = self.dump()
        return check_history(
            self.events(),
            dump,
            effects=effects,
            effect_stages=effect_stages,
            messages=self.messages(),
            ended=ended,
            damaged=damaged,
            lost_workers=lost_workers,
        )

    def messages(self) -> StageMessages:
        """Stage messages in the broker, by task."""
        return read_messages(self.broker, self.place.namespace, self.settings.lanes)

    def assert_holds(self, effect_stages: Sequence[int] = ()) -> None:
        report = self.report(effect_stages)
        assert report.holds, str(report)

    def close(self) -> None:
        self.instances.close()
        self.cluster.end()
        self.client.close()
        self.redis.close()
        self.broker.close()
        sys.path.remove(str(self.folder / "path"))
        self.server.stop()
        self.broker_server.stop()


@contextmanager
def fault_world(folder: Path, *server_options: str, **settings: str) -> Iterator[FaultWorld]:
    """A world of its own for one test; its Redis is started with these options."""
    (folder / "redis").mkdir()
    server = RedisServer(folder / "redis", *server_options, databases=2)
    server.start()
    world = FaultWorld(folder, server, broker_server=None, **settings)
    try:
        yield world
    except BaseException:
        print(world.cluster.logs())
        raise
    finally:
        world.close()
