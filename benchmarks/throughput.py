"""Stages per second: Changeover against a plain ``celery.chain`` of no-op tasks, in one run, taking turns.

Both are counted from the first thing submitted to the last thing done. Each pool's workers, ours and those of the two
yardsticks (results ignored, results kept), are there for all of its rounds; after a warm-up they take turns, so that
whatever else the machine does is shared by all. What counts is the ratio within one run.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import redis

from benchmarks.cpu import children_of, cpu_seconds
from benchmarks.facts import Spread
from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from benchmarks.plain_chain import LOOK_SECONDS, plain_celery
from orchestrator.client import Client
from orchestrator.domain.status import PLAN_ENDED, TaskState
from orchestrator.ledger.keys import Keys
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer

STAGES = 5
POOLS = {"solo": 1, "threads": 4, "prefork": 2}
"""Slots of a worker in each pool."""

PLAIN, KEPT = "plain chain", "plain chain, results kept"


@dataclass(frozen=True)
class Size:
    """How much is run: tenants a round, rounds, pools, and what is tried with each pool: workers, and with these each
    ``max_concurrency``."""

    tenants: int
    rounds: int
    pools: tuple[str, ...]
    shapes: tuple[tuple[int, tuple[int, ...]], ...]


def quick(pools: tuple[str, ...], slots: int) -> Size:
    """Some fifteen seconds a pool."""
    return Size(300, 2, pools, ((2, (slots,)),))


def whole(pools: tuple[str, ...]) -> Size:
    """With one worker and two, 64 slots and a slot for each tenant: a minute a pool."""
    return Size(600, 3, pools, ((1, (64,)), (2, (64, 600))))


@dataclass(frozen=True)
class Round:
    """Stages a second, and per stage: ms of CPU time by process, Redis commands, those inside scripts included."""

    rate: float
    worker_ms: float
    redis_ms: float
    coordinator_ms: float = 0.0
    commands: float = 0.0

    @property
    def cpu_ms(self) -> float:
        return self.worker_ms + self.coordinator_ms + self.redis_ms


@dataclass(frozen=True)
class Measured:
    """The rounds of one crew: of both yardsticks, and ours by ``max_concurrency``."""

    plain: list[Round]
    kept: list[Round]
    ours: dict[int, list[Round]]


class Ours:
    """A namespace with a coordinator and workers that serve one plan after the other."""

    def __init__(self, place: Place, cluster: Cluster, server: RedisServer) -> None:
        self._client = Client(settings_of(place))
        self._keys = Keys(place.namespace)
        self._state = redis.Redis.from_url(place.redis_url, decode_responses=True)
        assert server.process is not None
        self._redis_pid = server.process.pid
        self._coordinator, *self._workers = [process.pid for process in cluster.processes]
        self._plans = 0

    def run(self, tenants: int, max_concurrency: int) -> Round:
        """One plan, from its submit to its end."""
        plan_id = f"bench-{self._plans}"
        self._plans += 1
        stages = [noop_stage(f"s{index}") for index in range(STAGES)]
        content = plan(plan_id, [tenant(f"t{i}") for i in range(tenants)], stages, max_concurrency=max_concurrency)
        groups = ([self._coordinator], children_of(self._workers), [self._redis_pid])
        commands = self._commands()
        before = [cpu_seconds(pids) for pids in groups]
        started = time.perf_counter()
        self._client.submit(content)
        while self._state.hget(self._keys.of("plan", plan_id), "status") not in PLAN_ENDED:
            time.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - started
        counts = self._client.summary(plan_id).counts
        assert counts == {TaskState.COMPLETED: tenants}, counts
        count = tenants * STAGES
        coordinator, workers, server = (
            1000 * (cpu_seconds(pids) - was) / count for pids, was in zip(groups, before, strict=True)
        )
        return Round(count / seconds, workers, server, coordinator, (self._commands() - commands) / count)

    def _commands(self) -> int:
        return int(self._state.info("stats")["total_commands_processed"])

    def close(self) -> None:
        """Gives back the connections."""
        self._client.close()
        self._state.close()


def measure(server: RedisServer, database: int, crew: Crew, size: Size, slots: tuple[int, ...]) -> Measured:
    """The rounds of one crew, each ``max_concurrency`` in turn with the yardsticks."""
    found = Measured([], [], {each: [] for each in slots})
    assert server.process is not None
    pid = server.process.pid
    with ExitStack() as stack:
        places = [Place(server.url(database + 2 * n), server.url(database + 2 * n + 1)) for n in range(3)]
        plain = stack.enter_context(plain_celery(places[0], crew, None))
        kept = stack.enter_context(plain_celery(places[1], crew, places[1].redis_url))
        cluster = stack.enter_context(changeover_cluster(places[2], crew))
        for celery in (plain, kept):
            celery.wait_ready(crew.workers)
        ours = Ours(places[2], cluster, server)
        stack.callback(ours.close)
        # The warm-up.
        few = size.tenants // 5
        for one in (partial(plain.run, few, STAGES, pid), partial(kept.run, few, STAGES, pid)):
            one()
        ours.run(few, slots[0])
        for _ in range(size.rounds):
            found.plain.append(Round(*plain.run(size.tenants, STAGES, pid)))
            # Half as many: a rate that is told beside the other, and the slowest to measure.
            found.kept.append(Round(*kept.run(size.tenants // 2, STAGES, pid)))
            for each in slots:
                found.ours[each].append(ours.run(size.tenants, each))
    return found


def ratios(ours: list[Round], yardstick: list[Round]) -> Spread:
    """Our rate to the yardstick's, round by round."""
    return Spread.of([one.rate / other.rate for one, other in zip(ours, yardstick, strict=True)])


def cpu_ratios(ours: list[Round], yardstick: list[Round]) -> Spread:
    """The yardstick's CPU time a stage to ours: what the ratio of rates would be if CPU were all that counts."""
    return Spread.of([other.cpu_ms / one.cpu_ms for one, other in zip(ours, yardstick, strict=True)])


def run(size: Size) -> list[dict[str, Any]]:
    """Prints a table."""
    database, rows = 0, list[dict[str, Any]]()
    print(f"throughput: {size.tenants} tenants x {STAGES} no-op stages, {size.rounds} rounds taking turns")
    with private_redis() as server:
        for pool in size.pools:
            for workers, slots in size.shapes:
                crew = Crew(pool, workers, POOLS[pool])
                found = measure(server, database, crew, size, slots)
                database += 6
                rows.append(asdict(crew) | asdict(found))
                for each in slots:
                    print(_row(crew, each, found), flush=True)
    return rows


def _row(crew: Crew, max_concurrency: int, found: Measured) -> str:
    def middle(rounds: list[Round], field: str) -> float:
        return Spread.of([getattr(one, field) for one in rounds]).median

    def cost(rounds: list[Round]) -> str:
        return f"workers {middle(rounds, 'worker_ms'):.2f} Redis {middle(rounds, 'redis_ms'):.2f}"

    ours = found.ours[max_concurrency]
    named = {PLAIN: found.plain, KEPT: found.kept, "changeover": ours}
    rates = "  ".join(f"{name} {middle(rounds, 'rate'):.0f}/s" for name, rounds in named.items())
    return (
        f"{crew.pool} {crew.workers} x {crew.concurrency}, max_concurrency {max_concurrency}: "
        f"ratio {ratios(ours, found.plain).shown()}, to results kept {ratios(ours, found.kept).shown()}, "
        f"of CPU {cpu_ratios(ours, found.plain).shown()}\n    {rates}\n"
        f"    ms of CPU a stage: {cost(ours)} coordinator {middle(ours, 'coordinator_ms'):.2f}; "
        f"plain {cost(found.plain)}; results kept {cost(found.kept)}; {middle(ours, 'commands'):.0f} commands a stage"
    )
