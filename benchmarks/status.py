"""Reading a plan at three sizes: what an operator waits for `status`, `explain`, `watch`, whole JSON,
`pause`, `resume` and `cancel`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import redis

from benchmarks.facts import Spread
from benchmarks.place import private_redis, settings_of
from benchmarks.submit import one_endpoint_tenant
from orchestrator.cli.watch.screen import Screen, Size
from orchestrator.cli.watch.view import View
from orchestrator.client import Client
from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.task_id import task_id_of
from orchestrator.ledger.keys import Keys
from tests.support.place import Place
from tests.support.plans import noop_stage
from tests.support.redis_server import RedisServer

PLAN = "bench"
ROUNDS = 3
WHOLE = """
import os, resource, sys
from orchestrator.cli import main
from tests.support.peak_memory import peak_memory
try:
    main(sys.argv[1:])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(peak_memory() // 2**20, used.ru_utime + used.ru_stime, file=sys.stderr)
"""


def submit_half_done(place: Place, count: int) -> None:
    """A plan of which half is completed, 100 run, the rest waits, and the three failed ones are among the last."""
    content = {
        "plan_id": PLAN,
        "name": "Benchmark",
        "max_concurrency": 100,
        "stages": [noop_stage(f"s{index}") for index in range(5)],
        "tenants": [one_endpoint_tenant(number) for number in range(count)],
    }
    states = dict.fromkeys(range(count // 2), TaskState.COMPLETED)
    states |= {count // 2 + n: TaskState.RUNNING for n in range(min(100, count // 4))}
    states |= {count - 1 - n: TaskState.FAILED for n in range(3)}
    with Client(settings_of(place)) as client:
        client.submit(content)
    keys = Keys(place.namespace)
    # By hand: moving 100,000 tenants would take many minutes, and a look reads nothing else of them.
    with redis.Redis.from_url(place.redis_url) as state:
        for start in range(0, count, 1000):
            with state.pipeline(transaction=False) as pipeline:
                for position in range(start, min(start + 1000, count)):
                    if position in states:
                        pipeline.hset(keys.of("task", task_id_of(PLAN, position)), "status", states[position])
                pipeline.execute()
        counts = {f"n:{one}": list(states.values()).count(one) for one in set(states.values())}
        state.sadd(
            keys.of("slots", PLAN), *(task_id_of(PLAN, n) for n, one in states.items() if one == TaskState.RUNNING)
        )
        state.hset(
            keys.of("plan", PLAN),
            mapping={**counts, f"n:{TaskState.PENDING}": count - len(states), "status": PlanState.RUNNING},
        )


def in_turn(looks: Mapping[str, Callable[[], object]]) -> dict[str, Spread]:
    """Seconds of each; they take turns for some rounds."""
    found: dict[str, list[float]] = {name: [] for name in looks}
    for _ in range(ROUNDS):
        for name, look in looks.items():
            started = time.perf_counter()
            look()
            found[name].append(time.perf_counter() - started)
    return {name: Spread.of(seconds) for name, seconds in found.items()}


def look_again(client: Client) -> Callable[[], object]:
    """What `watch` does twice a second."""
    live = client.live(PLAN)
    screen = Screen(live)

    def look() -> None:
        live.look()
        screen.draw(View(), Size(80, 24))

    return look


def measure(server: RedisServer, database: int, count: int) -> dict[str, Any]:
    """Prints the lines of one size."""
    place = Place(server.url(database), server.url(database + 1))
    environment = os.environ | place.environment()

    def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-c", WHOLE, *arguments], env=environment, capture_output=True, check=True
        )

    submit_half_done(place, count)
    with Client(settings_of(place)) as client:
        calls: dict[str, Callable[[], object]] = {
            "first page": lambda: client.status(PLAN, limit=50, by_interest=True),
            "failed": lambda: client.status(PLAN, statuses=[TaskState.FAILED], limit=50),
            "last page": lambda: client.status(PLAN, limit=50, offset=count - 50),
            "tenants like *99": lambda: client.status(PLAN, tenants="*99", limit=50),
            "explain": lambda: client.explain(plan_id=PLAN),
            "watch, first look": lambda: client.live(PLAN),
            "each further": look_again(client),
        }
        called = in_turn(calls)
        print(f"  {count:7,} tenants, Client: {_shown(called, 3)}")
        commands = {
            "status": partial(command, "status", PLAN),
            "explain": partial(command, "explain", "--plan", PLAN),
        }
        commanded = in_turn(commands)
        print(f"                   command: {_shown(commanded, 2)}")
        started = time.perf_counter()
        done = command("status", PLAN, "--json")
        seconds = time.perf_counter() - started
        megabytes, cpu_seconds = done.stderr.split()[-2:]
        print(
            f"                   --json: {len(done.stdout) / 1e6:.1f} MB in {seconds:.1f} s "
            f"({float(cpu_seconds):.1f} s of CPU), at most {int(megabytes)} MB of memory"
        )
        asked = in_turn(
            {
                "pause": lambda: client.pause(plan_id=PLAN, reason="bench"),
                "resume": lambda: client.resume(plan_id=PLAN, reason="bench"),
            }
        ) | {"cancel": _once(lambda: client.cancel(plan_id=PLAN, reason="bench"))}
        print(f"                   operations: {_shown(asked, 4)}", flush=True)
    spreads = {"Client": called, "command": commanded, "operations": asked}
    found = {kind: {name: vars(one) for name, one in spread.items()} for kind, spread in spreads.items()}
    return {"tenants": count, **found, "json_seconds": seconds, "json_megabytes": int(megabytes)}


def _once(look: Callable[[], object]) -> Spread:
    started = time.perf_counter()
    look()
    return Spread.of([time.perf_counter() - started])


def _shown(found: Mapping[str, Spread], digits: int) -> str:
    return ", ".join(f"{name} {seconds.shown(digits)} s" for name, seconds in found.items())


def run(sizes: tuple[int, ...] = (100, 10_000, 100_000)) -> list[dict[str, Any]]:
    """Prints four lines a size."""
    print(f"status: a plan half done; {ROUNDS} rounds taking turns; a command includes the start of its process")
    with private_redis() as server:
        return [measure(server, 2 * index, count) for index, count in enumerate(sizes)]
