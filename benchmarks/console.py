"""``python -m benchmarks.console``: a console under 200 event streams and 50 requests a second, for a minute.

Plans are moved meanwhile, so there are events. Each reader drops its connection now and then and comes back by its last
id. What is found: whether every reader has every event, once and in order; how long requests took; the console's memory
after a quarter of the time and at the end; its CPU time. Before that, with no other requests: the CPU time with two
readers and with a hundred who follow the same, which may be ten times as much at most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from subprocess import Popen
from typing import Any, Final

import httpx

from benchmarks.cpu import cpu_seconds
from benchmarks.place import Crew, changeover_cluster, private_redis, settings_of
from orchestrator.client import Client
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import free_port

TENANTS: Final = 20
"""Of each plan that is moved; one is submitted every second."""

FEW: Final = 2
MANY: Final = 100

PATHS: Final = (
    "/plans?limit=20",
    "/plans/load-0",
    "/plans/load-0/tasks?limit=100",
    "/plans/load-0/live",
    "/plans/load-0/failures",
    "/tenants/t-0-1",
    "/explain?plan=load-0",
    "/events?plan=load-0&limit=50",
)


@dataclass
class Reader:
    """One stream, over a bare socket: the numbers that it has seen."""

    numbers: list[int] = field(default_factory=list)
    comebacks: int = 0

    async def follow(self, port: int, token: str, since: int, stop: asyncio.Event) -> None:
        place = since
        while not stop.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream"
            writer.write(f"GET /api/v1/events HTTP/1.0\r\n{head}\r\nLast-Event-ID: {place}\r\n\r\n".encode())
            with suppress(TimeoutError):
                async with asyncio.timeout(random.uniform(5, 30)):
                    assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
                    left = b""
                    while piece := await reader.read(65536):
                        # What has no blank line behind it has not come whole, and comes again.
                        *whole, left = (left + piece).split(b"\n\n")
                        for one in whole:
                            place = self._take(one, place)
            writer.close()
            self.comebacks += 1

    def _take(self, told: bytes, place: int) -> int:
        assert not told.startswith(b"event: "), told
        first, _, data = told.partition(b"\n")
        if first.startswith(b"id: ") and data.startswith(b"data: "):
            self.numbers.append(int(first[4:]))
            return self.numbers[-1]
        return place


def ask_all(url: str, token: str, rate: int, seconds: float, told: Connection) -> None:
    """In a process of its own: so many requests a second, and how long each took."""
    took: list[float] = []
    refused: list[int] = []

    async def one(http: httpx.AsyncClient, path: str) -> None:
        began = time.perf_counter()
        answer = await http.get(path)
        took.append(time.perf_counter() - began)
        if answer.status_code != 200:
            refused.append(answer.status_code)

    async def every() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=60, trust_env=False) as http:
            began, asked = time.monotonic(), list[asyncio.Future[None]]()
            while (now := time.monotonic() - began) < seconds:
                while len(asked) < now * rate:
                    asked.append(asyncio.ensure_future(one(http, PATHS[len(asked) % len(PATHS)])))
                await asyncio.sleep(0.005)
            await asyncio.gather(*asked)

    asyncio.run(every())
    told.send((took, refused))


async def load(
    url: str, token: str, client: Client, pid: int, readers: int, rate: int, seconds: float
) -> dict[str, Any]:
    """Everything at once; what was found."""
    since = (await asyncio.to_thread(lambda: [event.sequence_id for event in client.events()]))[-1]
    following, stop = [Reader() for _ in range(readers)], asyncio.Event()
    memory: list[int] = []
    port = int(url.rpartition(":")[2])
    streams = [asyncio.ensure_future(one.follow(port, token, since, stop)) for one in following]
    await asyncio.sleep(3)
    here, there = Pipe()
    asker = Process(target=ask_all, args=(url, token, rate, seconds, there))
    asker.start()
    before, began, plans = cpu_seconds([pid]), time.monotonic(), 1
    while (now := time.monotonic() - began) < seconds:
        if now >= plans:
            await asyncio.to_thread(submit, client, 1000 * readers + plans)
            plans += 1
        if now * 4 > seconds * (len(memory) + 1):
            memory.append(resident_kib(pid))
        await asyncio.sleep(0.05)
    share = (cpu_seconds([pid]) - before) / (time.monotonic() - began)
    took, refused = await asyncio.to_thread(here.recv)
    asker.join()
    for number in range(1, plans):
        await asyncio.to_thread(client.wait, f"load-{1000 * readers + number}", 120)
    log = [event.sequence_id for event in await asyncio.to_thread(lambda: list(client.events(since=since)))]
    for _ in range(400):
        if all(len(one.numbers) >= len(log) for one in following):
            break
        await asyncio.sleep(0.1)
    memory.append(resident_kib(pid))
    stop.set()
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    return {
        "readers": readers,
        "comebacks": sum(one.comebacks for one in following),
        "events": len(log),
        "lost_or_twice": sum(one.numbers != log for one in following),
        "requests": len(took),
        "refused": len(refused),
        "p50_ms": round(1000 * statistics.median(took), 1) if took else None,
        "p99_ms": round(1000 * statistics.quantiles(took, n=100)[98], 1) if len(took) > 100 else None,
        "memory_mib": [round(one / 1024, 1) for one in memory],
        "cpu_share": round(share, 4),
    }


def submit(client: Client, number: int) -> None:
    tenants = [tenant(f"t-{number}-{n}") for n in range(TENANTS)]
    client.submit(plan(f"load-{number}", tenants, [noop_stage("one"), noop_stage("two")], 8))


def resident_kib(pid: int) -> int:
    """The process' resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def run(seconds: float = 60.0, readers: int = 200, rate: int = 50) -> dict[str, Any]:
    """Two readers and a hundred, for a quarter of the time each, then all; raises when a reader lacks an event, and
    when the hundred cost more than ten times what the two do."""
    found: dict[str, Any] = {}
    with private_redis() as server:
        place = Place(server.user_url(0), server.user_url(1))
        port = free_port()
        environment = {**os.environ, **place.environment(), "CHANGEOVER_LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-P", "-m", "orchestrator.cli", "console", "--port", str(port)]
        with Client(settings_of(place)) as client, changeover_cluster(place, Crew("threads", 1, 4)):
            token = client.create_token("load", "viewer", actor="benchmark").token
            submit(client, 0)
            with Popen(command, env=environment) as console:
                try:
                    url = f"http://127.0.0.1:{port}"
                    _until_up(url)
                    rounds = ((FEW, 0, seconds / 4), (MANY, 0, seconds / 4), (readers, rate, seconds))
                    for count, asked, long in rounds:
                        found[f"{count} readers"] = row = asyncio.run(
                            load(url, token, client, console.pid, count, asked, long)
                        )
                        print(json.dumps(row), flush=True)
                        assert row["lost_or_twice"] == row["refused"] == 0, row
                    few, many = (found[f"{count} readers"]["cpu_share"] for count in (FEW, MANY))
                    print(f"{MANY} readers cost {many / few:.1f} times the CPU time of {FEW}", flush=True)
                    assert many < 10 * few
                finally:
                    console.terminate()
    return found


def _until_up(url: str) -> None:
    for _ in range(600):
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the console does not come up")


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--seconds", type=float, default=60.0)
    given.add_argument("--readers", type=int, default=200)
    options = given.parse_args()
    run(options.seconds, options.readers)
