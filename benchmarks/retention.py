"""Retention soak: plan after plan ends and goes after seconds; Redis' memory and keys must come to rest."""

from __future__ import annotations

import time
from typing import Any, cast

import redis

from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from benchmarks.submit import one_endpoint_tenant
from orchestrator.client import Client
from tests.support.place import Place
from tests.support.plans import noop_stage

FEED = 2_000
"""Events kept by the namespace's feed, so that it is full soon and its growth is not taken for a leak."""


def _used(state: redis.Redis) -> tuple[int, int]:
    """Bytes, and keys but those of requests, which go after a day."""
    requests = sum(1 for _ in state.scan_iter("*:request:*", count=1000))
    return int(cast(Any, state.info("memory"))["used_memory"]), int(cast(Any, state.dbsize())) - requests


def run(plans: int = 200, tenants: int = 500, retention_seconds: float = 2.0) -> None:
    """Submits ``plans`` of ``tenants``, cancelled at once, before a real coordinator; prints what Redis holds."""
    print(f"retention: {plans} plans of {tenants} tenants, kept for {retention_seconds:g} s after their end")
    with private_redis() as server:
        place = Place(server.url(0), server.url(1))
        more = {"CHANGEOVER_RETENTION_SECONDS": str(retention_seconds), "CHANGEOVER_FEED_MAX_LENGTH": str(FEED)}
        settings = settings_of(place).model_copy(update={"feed_max_length": FEED})
        with (
            redis.Redis.from_url(place.redis_url) as state,
            changeover_cluster(place, Crew("threads", 0, 1), **more),
            Client(settings) as client,
        ):
            held: list[int] = []
            for number in range(plans):
                content = {
                    "plan_id": f"soak-{number}",
                    "name": "Soak",
                    "max_concurrency": 1,
                    "stages": [noop_stage("one")],
                    "tenants": [one_endpoint_tenant(tenant) for tenant in range(tenants)],
                }
                client.submit(content)
                client.cancel(plan_id=f"soak-{number}")
                if number % (plans // 10) == plans // 10 - 1:
                    deadline = time.monotonic() + 300
                    while client.plans() and time.monotonic() < deadline:
                        time.sleep(0.5)
                    memory, keys = _used(state)
                    held.append(memory)
                    print(f"  after {number + 1:4} plans: {memory / 1e6:6.2f} MB, {keys:6,} keys", flush=True)
            print(f"  last against second: {held[-1] / held[1]:.2f}")
