"""Stages per second: Changeover against a plain ``celery.chain`` of no-op tasks, in one run, taking turns.

Both are counted from the first thing submitted to the last thing done. Each pool's workers, ours and those of the two
yardsticks (results ignored, results kept), are there for all of its rounds; after a warm-up they take turns, so that
whatever else the machine does is shared by all. What counts is the ratio within one run.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import redis

from benchmarks.cpu import children_of, cpu_seconds
from benchmarks.facts import Spread, described, machine
from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from benchmarks.plain_chain import LOOK_SECONDS, plain_celery
from orchestrator.client import Client
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.ledger.keys import Keys
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer

STAGES = 5
POOLS = {"solo": 1, "threads": 4, "prefork": 2}
"""Slots of a worker in each pool."""

PLAIN, KEPT, OURS = "plain chain", "plain chain, results kept", "changeover"


@dataclass(frozen=True)
class Size:
    """How much is run: tenants a round, rounds, pools, and what is tried with each pool (workers, max_concurrency)."""

    tenants: int
    rounds: int
    pools: tuple[str, ...]
    shapes: tuple[tuple[int, int], ...]


def quick(pools: tuple[str, ...], slots: int) -> Size:
    """Some twenty seconds a pool."""
    return Size(400, 3, pools, ((2, slots),))


def whole(pools: tuple[str, ...]) -> Size:
    """With one worker and two, 64 slots and a slot for each tenant."""
    return Size(600, 3, pools, ((1, 64), (2, 64), (2, 600)))


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
        assert counts == {"COMPLETED": tenants}, counts
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


def measure(server: RedisServer, database: int, crew: Crew, size: Size, max_concurrency: int) -> dict[str, list[Round]]:
    """The rounds of one pool, by what was run."""
    found: dict[str, list[Round]] = {PLAIN: [], KEPT: [], OURS: []}
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
        for number in range(size.rounds + 1):
            # The first is the warm-up.
            tenants = size.tenants if number else size.tenants // 5
            rounds = {PLAIN: Round(*plain.run(tenants, STAGES, pid)), KEPT: Round(*kept.run(tenants, STAGES, pid))}
            rounds[OURS] = ours.run(tenants, max_concurrency)
            for name, one in rounds.items():
                found[name] += [one] if number else []
    return found


def ratios(found: dict[str, list[Round]], yardstick: str) -> Spread:
    """Our rate to the yardstick's, round by round."""
    return Spread.of([ours.rate / other.rate for ours, other in zip(found[OURS], found[yardstick], strict=True)])


def cpu_ratios(found: dict[str, list[Round]]) -> Spread:
    """The yardstick's CPU time a stage to ours: what the ratio of rates would be if CPU were all that counts."""
    return Spread.of([other.cpu_ms / ours.cpu_ms for ours, other in zip(found[OURS], found[PLAIN], strict=True)])


def run(size: Size) -> list[dict[str, Any]]:
    """Prints a table."""
    database, rows = 0, list[dict[str, Any]]()
    with private_redis() as server:
        with redis.Redis.from_url(server.url()) as client:
            facts = machine(client)
        print(f"throughput: {size.tenants} tenants x {STAGES} no-op stages, {size.rounds} rounds taking turns")
        print(described(facts))
        for pool in size.pools:
            for workers, max_concurrency in size.shapes:
                crew = Crew(pool, workers, POOLS[pool])
                found = measure(server, database, crew, size, max_concurrency)
                database += 6
                rows.append(asdict(crew) | {"max_concurrency": max_concurrency, "rounds": _plain(found)})
                print(_row(crew, max_concurrency, found), flush=True)
    return rows


def _plain(found: dict[str, list[Round]]) -> dict[str, list[dict[str, float]]]:
    return {name: [asdict(one) for one in rounds] for name, rounds in found.items()}


def _row(crew: Crew, max_concurrency: int, found: dict[str, list[Round]]) -> str:
    def middle(name: str, field: str) -> float:
        return Spread.of([getattr(one, field) for one in found[name]]).median

    def cost(name: str) -> str:
        return f"workers {middle(name, 'worker_ms'):.2f} Redis {middle(name, 'redis_ms'):.2f}"

    rates = "  ".join(f"{name} {middle(name, 'rate'):.0f}/s" for name in found)
    return (
        f"{crew.pool} {crew.workers} x {crew.concurrency}, max_concurrency {max_concurrency}: "
        f"ratio {ratios(found, PLAIN).shown()}, to results kept {ratios(found, KEPT).shown()}, "
        f"of CPU {cpu_ratios(found).shown()}\n    {rates}\n"
        f"    ms of CPU a stage: {cost(OURS)} coordinator {middle(OURS, 'coordinator_ms'):.2f}; plain {cost(PLAIN)}; "
        f"results kept {cost(KEPT)}; {middle(OURS, 'commands'):.0f} commands a stage"
    )
