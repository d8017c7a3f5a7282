"""5,000 tenants on one page: how soon it is painted, what a change costs the browser, what a hundred viewers cost."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import CDPSession

from benchmarks.cpu import cpu_seconds
from orchestrator.client import Client
from tests.support.chromium import find_chromium
from tests.support.cluster import Cluster
from tests.support.console_scene import FLEET, submit_fleet
from tests.support.console_server import ConsoleServer
from tests.support.redis_server import free_port
from tests.support.visitor import Visitor
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.skipif("CHANGEOVER_TEST_BROWSER" not in os.environ, reason="needs a browser; make test-browser"),
    pytest.mark.skipif(find_chromium() is None, reason="no chromium on this machine (Debian: chromium)"),
    pytest.mark.timeout(420),
]
SECONDS = 15
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]"
_LONG_TASKS = """
window.tasks = [];
new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(one => one.duration)))
  .observe({ type: "longtask" });
"""


def test_five_thousand_tenants_live(
    cluster: Cluster, client: Client, console: ConsoleServer, visit: Callable[..., Visitor]
) -> None:
    cluster.start(workers=1, concurrency=8)
    submit_fleet(client)
    wait_until(lambda: client.summary(FLEET).counts.get("COMPLETED", 0) > 60, 60)
    ada = visit("viewer")
    page = ada.page
    paints = []
    for _ in range(5):
        page.goto(f"/plans/{FLEET}")
        wait_until(lambda: page.evaluate(f"!!{_PAINT}"))
        paints.append(page.evaluate(f"{_PAINT}.startTime"))
        assert len(page.evaluate("changeoverMap.codes()")) == 5000
    page.evaluate(_LONG_TASKS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before, began = _work(session), time.monotonic()
    done = client.summary(FLEET).counts["COMPLETED"]
    wait_until(lambda: client.summary(FLEET).counts["COMPLETED"] > done + 400, 120)
    costs = [one["ms"] for one in page.evaluate("changeoverMap.costs") if one["cells"] < 5000]
    long_tasks = page.evaluate("window.tasks")
    seconds = time.monotonic() - began
    shares = ", ".join(f"{name} {100 * (now - before[name]) / seconds:.1f} %" for name, now in _work(session).items())
    print(f"\nprocessor time of the page while live: {shares}")
    print(f"first paint of 5,000 tenants: {_spread(paints)} ms of {len(paints)} loads, the first {paints[0]:.0f} ms")
    print(f"drawing a change of the map: {_spread(costs)} ms of {len(costs)} changes")
    longest = max(long_tasks, default=0)
    print(f"tasks of the browser over 50 ms while live: {len(long_tasks)}, the longest {longest:.0f} ms")
    assert len(costs) >= 10
    assert ada.errors == []
    assert ada.shifts() == []

    # A hundred viewers stand on the same looks as two; what each costs is what is sent to it.
    process = cluster.start_as_typed(f"changeover console --port {(port := free_port())}")
    address = f"http://127.0.0.1:{port}/plans/{FLEET}/live"
    wait_until(lambda: _answers(port), 60)
    few, many = (_cpu_of_a_second(process.pid, address, console.token("viewer"), viewers) for viewers in (2, 100))
    print(f"CPU time of the console: {100 * few:.1f} % of a core with 2 viewers, {100 * many:.1f} % with 100")
    assert many < 10 * few


def _work(session: CDPSession) -> dict[str, float]:
    """Processor seconds of the page's thread so far, whatever else the machine does: in all, and of it by kind."""
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    kinds = {"in all": "Task", "scripts": "Script", "styles": "RecalcStyle", "layout": "Layout"}
    return {name: told[f"{kind}Duration"] for name, kind in kinds.items()}


def _spread(values: list[float]) -> str:
    return f"{min(values):.1f} / {statistics.median(values):.1f} / {max(values):.1f} (least, median, most)"


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _cpu_of_a_second(pid: int, address: str, token: str, viewers: int) -> float:
    """CPU seconds of the process in a second, while so many read the plan's stream."""
    leave = threading.Event()
    here = threading.Barrier(viewers + 1)

    def read() -> None:
        with httpx.stream("GET", address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as answer:
            pieces = answer.iter_raw()
            next(pieces)
            here.wait()
            while not leave.is_set():
                next(pieces)

    readers = [threading.Thread(target=read) for _ in range(viewers)]
    for reader in readers:
        reader.start()
    here.wait(60)
    before, began = cpu_seconds([pid]), time.monotonic()
    leave.wait(SECONDS)
    spent, took = cpu_seconds([pid]) - before, time.monotonic() - began
    leave.set()
    for reader in readers:
        reader.join()
    return spent / took
