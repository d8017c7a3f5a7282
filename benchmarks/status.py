"""Reading a plan at three sizes: what an operator waits for `status`, `explain`, `doctor`, `watch`, and whole JSON."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import redis

from benchmarks.place import private_redis, settings_of
from benchmarks.submit import one_endpoint_tenant
from orchestrator.cli.watch.screen import Screen, Size
from orchestrator.cli.watch.view import View
from orchestrator.client import Client
from orchestrator.domain.status import TaskState
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
        state.hset(keys.of("plan", PLAN), mapping={**counts, "n:PENDING": count - len(states), "status": "RUNNING"})


def best(look: Callable[[], object]) -> float:
    """Seconds of the quickest of some rounds."""
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        look()
        found.append(time.perf_counter() - started)
    return min(found)


def look_again(client: Client) -> Callable[[], object]:
    """What `watch` does twice a second."""
    live = client.live(PLAN)
    screen = Screen(live)

    def look() -> None:
        live.look()
        screen.draw(View(), Size(80, 24))

    return look


def measure(server: RedisServer, database: int, count: int) -> None:
    """Prints the lines of one size."""
    place = Place(server.url(database), server.url(database + 1))
    environment = os.environ | place.environment()

    def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        # Without processes doctor finds fault, and exits 1.
        is_checked = arguments[0] != "doctor"
        return subprocess.run(
            [sys.executable, "-c", WHOLE, *arguments], env=environment, capture_output=True, check=is_checked
        )

    submit_half_done(place, count)
    with Client(settings_of(place)) as client:
        calls: dict[str, Callable[[], object]] = {
            "first page": lambda: client.status(PLAN, limit=50, by_interest=True),
            "failed": lambda: client.status(PLAN, statuses=["FAILED"], limit=50),
            "last page": lambda: client.status(PLAN, limit=50, offset=count - 50),
            "tenants like *99": lambda: client.status(PLAN, tenants="*99", limit=50),
            "explain": lambda: client.explain(plan_id=PLAN),
            "watch, first look": lambda: client.live(PLAN),
            "each further": look_again(client),
        }
        print(
            f"  {count:7,} tenants, Client: " + ", ".join(f"{name} {best(call):.3f} s" for name, call in calls.items())
        )
    commands = {
        "status": ["status", PLAN],
        "status --failed": ["status", PLAN, "--failed"],
        "explain": ["explain", "--plan", PLAN],
        "doctor": ["doctor"],
    }
    found = {name: best(lambda arguments=arguments: command(*arguments)) for name, arguments in commands.items()}  # type: ignore[misc]
    print("                   command: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found.items()))
    started = time.perf_counter()
    done = command("status", PLAN, "--json")
    megabytes, cpu_seconds = done.stderr.split()[-2:]
    print(
        f"                   --json: {len(done.stdout) / 1e6:.1f} MB in {time.perf_counter() - started:.1f} s "
        f"({float(cpu_seconds):.1f} s of CPU), at most {int(megabytes)} MB of memory",
        flush=True,
    )


def run(sizes: tuple[int, ...] = (100, 10_000, 100_000)) -> None:
    """Prints three lines a size."""
    print(f"status: a plan half done; the quickest of {ROUNDS}; a command includes the start of its process")
    with private_redis() as server:
        for index, count in enumerate(sizes):
            measure(server, 2 * index, count)
