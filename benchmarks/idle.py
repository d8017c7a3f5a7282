"""What costs nothing, or little: plans that merely wait, and people who follow one."""

from __future__ import annotations

import threading
import time
from typing import Any

from benchmarks.cpu import cpu_seconds
from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from orchestrator.client import Client
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer

FOLLOWERS = 100
SETTLED_AFTER = 45.0
"""Seconds in which a coordinator that starts has looked at each plan once."""


def idle_plans(server: RedisServer, place: Place, count: int, seconds: float) -> dict[str, Any]:
    """A coordinator beside so many paused plans: its share of a core."""
    assert server.process is not None
    with Client(settings_of(place)) as client:
        for number in range(count):
            client.submit(plan(f"idle-{number}", [tenant(f"t{number}")], [noop_stage("one")], 1))
            client.pause(plan_id=f"idle-{number}", reason="to be idle")
    with changeover_cluster(place, Crew("threads", 0, 1)) as cluster:
        time.sleep(SETTLED_AFTER)
        pids = {"coordinator": cluster.processes[0].pid, "redis": server.process.pid}
        before, started = {name: cpu_seconds([pid]) for name, pid in pids.items()}, time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - started
        shares = {name: 100 * (cpu_seconds([pid]) - before[name]) / took for name, pid in pids.items()}
    told = f"a coordinator takes {shares['coordinator']:.2f} % of a core, Redis {shares['redis']:.2f} %"
    print(f"  {count:,} idle plans: {told}", flush=True)
    return {"idle_plans": count, **shares}


def followers(server: RedisServer, place: Place, tenants: int) -> dict[str, Any]:
    """Redis' CPU time an event of a plan, alone and with a hundred who follow it."""
    assert server.process is not None
    pid, found = server.process.pid, dict[int, float]()
    settings = settings_of(place)
    with Client(settings) as client, changeover_cluster(place, Crew("threads", 1, 4)):
        for number in (0, FOLLOWERS):
            plan_id = f"followed-{number}"
            content = plan(plan_id, [tenant(f"{plan_id}-{n}") for n in range(tenants)], [noop_stage("one")], 8)
            seen = [0] * number
            client.submit(plan(f"warm-{number}", [tenant(f"warm-{number}")], [noop_stage("one")], 1))
            client.wait(f"warm-{number}", timeout_seconds=60)
            before = cpu_seconds([pid])
            client.submit(content)

            def follow(place: int, plan_id: str = plan_id, seen: list[int] = seen) -> None:
                with Client(settings) as one:
                    seen[place] = sum(1 for _ in one.events(plan_id, follow=True))

            threads = [threading.Thread(target=follow, args=(n,)) for n in range(number)]
            for thread in threads:
                thread.start()
            client.wait(plan_id, timeout_seconds=300)
            for thread in threads:
                thread.join()
            events = sum(1 for _ in client.events(plan_id))
            assert set(seen) <= {events}, "a follower has missed an event"
            found[number] = 1000 * (cpu_seconds([pid]) - before) / events
    print(
        f"  Redis takes {found[0]:.3f} ms an event of a plan that nobody follows, {found[FOLLOWERS]:.3f} ms with "
        f"{FOLLOWERS} followers, who have each event",
        flush=True,
    )
    return {"followers": FOLLOWERS, "alone_ms": found[0], "followed_ms": found[FOLLOWERS]}


def run(plans: int = 5_000, seconds: float = 10.0) -> list[dict[str, Any]]:
    """Prints a line each."""
    print("idle: plans that wait, and followers")
    with private_redis() as server:
        rows = [idle_plans(server, Place(server.url(0), server.url(1)), plans, seconds)]
        return [*rows, followers(server, Place(server.url(2), server.url(3)), 200)]
