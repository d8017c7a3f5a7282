"""Submit: tenants per second at three sizes, what a waiting tenant costs Redis, and the longest single script."""

from __future__ import annotations

import time
from typing import Any, cast

import redis

from benchmarks.place import private_redis, settings_of
from orchestrator.client import Client
from tests.support.place import Place
from tests.support.plans import noop_stage
from tests.support.redis_server import RedisServer

SLOW_MICROSECONDS = 10_000


def one_endpoint_tenant(number: int) -> dict[str, Any]:
    """A tenant as small as a real one: identity, one endpoint, the config to go back to."""
    return {
        "tenant_id": f"tenant-{number:06}",
        "deploy_unit_id": 100,
        "deploy_unit_name": "green",
        "deploy_unit_version": 42,
        "network_endpoints": [
            {"key": "gw-1", "value": f"http://10.0.{number // 250 % 250}.{number % 250}:9001/health"}
        ],
        "source_tenant_deploy_config": {"deploy_unit_id": 99, "deploy_unit_name": "blue", "deploy_unit_version": 41},
    }


def measure(server: RedisServer, database: int, count: int) -> dict[str, float]:
    """Submits one plan into an empty database and prints a line."""
    place = Place(server.url(database), server.url(database + 1))
    content = {
        "plan_id": "bench",
        "name": "Benchmark",
        "max_concurrency": 100,
        "stages": [noop_stage(f"s{index}") for index in range(5)],
        "tenants": [one_endpoint_tenant(number) for number in range(count)],
    }
    with redis.Redis.from_url(place.redis_url) as state, Client(settings_of(place)) as client:
        state.config_set("slowlog-log-slower-than", SLOW_MICROSECONDS)
        state.slowlog_reset()
        before = cast(int, state.info("memory")["used_memory"])
        started = time.perf_counter()
        client.submit(content)
        seconds = time.perf_counter() - started
        used = cast(int, state.info("memory")["used_memory"]) - before
        slow = [entry for entry in cast(list[dict[str, Any]], state.slowlog_get(128)) if b"EVALSHA" in entry["command"]]
        longest = max((entry["duration"] / 1000 for entry in slow), default=0.0)
        state.flushdb()
    note = f"{len(slow)} scripts over 10 ms, the longest {longest:.0f} ms" if slow else "no script over 10 ms"
    print(
        f"  {count:7,} tenants: {seconds:6.2f} s, {count / seconds:7,.0f} tenants/s, "
        f"{used / count:5.0f} bytes of Redis a waiting tenant, {note}",
        flush=True,
    )
    return {"tenants": count, "seconds": seconds, "bytes_a_tenant": used / count, "longest_script_ms": longest}


def run(sizes: tuple[int, ...] = (100, 1_000, 10_000, 100_000)) -> list[dict[str, float]]:
    """Prints a line a size."""
    print("submit: 5 no-op stages, one endpoint a tenant, checks included")
    with private_redis() as server:
        return [measure(server, 2 * index, count) for index, count in enumerate(sizes)]
