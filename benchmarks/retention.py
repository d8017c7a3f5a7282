"""Retention soak: plan after plan ends and goes after seconds; Redis' memory and keys must come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import redis

from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from benchmarks.submit import one_endpoint_tenant
from orchestrator.client import Client
from orchestrator.ledger.keys import Keys
from tests.support.place import Place
from tests.support.plans import noop_stage

FEED = 2_000
"""Events kept by the namespace's feed, so that it is full soon and its growth is not taken for a leak."""


@dataclass(frozen=True, slots=True)
class Held:
    """What Redis holds once the plans up to now are gone."""

    memory: int
    keys: int


def _held(state: redis.Redis) -> Held:
    """Bytes, and keys but those that go by themselves: of requests after a day, the number that the log of a purged
    plan came to after 90."""
    passing = sum(1 for kind in ("request", "plan-seq") for _ in state.scan_iter(f"*:{kind}:*", count=1000))
    memory, keys = cast(Any, state.info("memory"))["used_memory"], cast(Any, state.dbsize())
    return Held(int(memory), int(keys) - passing)


def run(plans: int = 200, tenants: int = 500, retention_seconds: float = 2.0) -> list[Held]:
    """Submits ``plans`` of ``tenants``, cancelled at once, before a real coordinator; prints what Redis holds, and
    answers it, ten times. Raises ``TimeoutError`` when plans do not go within five minutes."""
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
            held: list[Held] = []
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
                    _wait_until_gone(client, lambda: bool(state.exists(Keys(settings.namespace).of("purges"))))
                    now = _held(state)
                    held.append(now)
                    print(f"  after {number + 1:4} plans: {now.memory / 1e6:6.2f} MB, {now.keys:6,} keys", flush=True)
            print(f"  last against second: {held[-1].memory / held[1].memory:.2f}")
            return held


def _wait_until_gone(client: Client, has_rest: Callable[[], bool]) -> None:
    """Plans go first, what is left of their tasks in chunks."""
    deadline = time.monotonic() + 300
    while client.plans() or has_rest():
        if time.monotonic() > deadline:
            raise TimeoutError("ended plans are still there five minutes after their retention")
        time.sleep(0.5)
