"""A plan is one trace, told by real coordinators and workers to a real collector; off, nothing is loaded."""

from __future__ import annotations

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from orchestrator.client import Client
from tests.support.cluster import Cluster
from tests.support.long import mostly_long
from tests.support.plans import plan, tenant
from tests.support.trace_collector import Told, TraceCollector
from tests.support.waiting import wait_until

POLL_ONCE = {"type": "wait", "seconds": 0.1}


def is_whole(spans: list[Told]) -> bool:
    """Whether the parent of each is there, too."""
    return {span.parent for span in spans if span.parent} <= {span.id for span in spans}


@pytest.mark.parametrize("pool", mostly_long(["threads", "prefork"], "prefork"))
def test_a_plan_is_a_trace(cluster: Cluster, client: Client, pool: str) -> None:
    seen: list[str] = []
    seen_as_own: list[str] = []
    own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            of_path = seen_as_own if self.path == "/own" else seen
            of_path += self.headers.get_all("traceparent", ["none"])
            self.send_response(500 if self.path == "/bad" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=service.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{service.server_port}"
    call = {"type": "http-request", "url": at + "/{{ tenant.variables.path }}", "retry": {"max_attempts": 1}}
    # Of the plan's own: with a trace that was begun elsewhere.
    traced: dict[str, Any] = {"type": "http-request", "url": at + "/own", "headers": {"Traceparent": own}}
    stages: list[dict[str, Any]] = [
        {"name": "calls", "steps": [call, traced]},
        {"name": "waits", "steps": [POLL_ONCE, {"type": "noop"}]},
    ]
    with TraceCollector() as collector:
        cluster.environment |= {
            "CHANGEOVER_TRACES": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        cluster.start(coordinators=2, pool=pool)
        good, bad = (tenant(name, variables={"path": name}) for name in ("good", "bad"))
        client.submit(plan("p", [good, bad], stages))
        assert client.wait("p", timeout_seconds=40).counts == {"COMPLETED": 1, "FAILED": 1}
        client.rollback(tenant_id="good")
        assert client.wait("p", timeout_seconds=40).counts == {"ROLLED_BACK": 1, "FAILED": 1}
        names = {"plan p", "move good", "move bad", "roll back good"}
        wait_until(lambda: names <= {span.name for span in collector.spans()}, 20, str(collector.spans()))
        # A turn's span comes with its end, whatever comes after.
        wait_until(lambda: len(named(collector, "step noop")) == 2, 20)
        # A step may be sent in a batch before that of the stage around it, which ends later.
        wait_until(lambda: is_whole(collector.spans()), 20)
        spans = collector.spans()
    service.shutdown()
    service.server_close()

    assert len({span.trace for span in spans}) == 1
    by_id = {span.id: span for span in spans}
    assert len(by_id) == len(spans), "a span was sent twice"
    (root,) = [span for span in spans if not span.parent]
    assert root.name == "plan p"
    assert root.is_error
    for name, parent in (("move good", "plan p"), ("move bad", "plan p"), ("roll back good", "plan p")):
        (span,) = [one for one in spans if one.name == name]
        assert by_id[span.parent].name == parent
        assert span.is_error == (name == "move bad")
    for span in spans:
        if span.name.startswith("step "):
            assert by_id[span.parent].name.startswith("stage ")
        if span.name.startswith("stage "):
            assert by_id[span.parent].name.split()[-1] == span.attributes["changeover.tenant"]
            assert span.start_ns <= span.end_ns
    failed = [span for span in spans if span.name == "step http-request" and span.is_error]
    assert [by_id[span.parent].attributes["changeover.tenant"] for span in failed] == ["bad"]
    # A stage that waited has a span for each of its turns.
    waits = [span for span in spans if span.name == "stage waits" and by_id[span.parent].name == "move good"]
    assert sorted(span.attributes["changeover.turn"] for span in waits) == list(range(len(waits)))
    assert len(waits) > 1
    # What a service was sent names the step that sent it.
    calls = {span.id for span in spans if span.name == "step http-request"}
    assert seen
    assert {header.split("-")[2] for header in seen} <= calls
    assert {header.split("-")[1] for header in seen} == {root.trace}
    # What a plan says itself is sent as it is, once a request.
    assert seen_as_own == [own] * 2


def named(collector: TraceCollector, name: str) -> list[Told]:
    return [span for span in collector.spans() if span.name == name]


def test_off_nothing_of_it_is_loaded_or_sent() -> None:
    code = (
        "import sys, workers.tasks, orchestrator.coordinator.process\n"
        "from orchestrator.observability.tracing import task_headers\n"
        "assert task_headers('p.1', rolls_back=False) == {}\n"
        "loaded = [name for name in sys.modules if name.startswith(('opentelemetry.sdk.trace', 'opentelemetry.exp'))]\n"
        "assert not loaded"
    )
    environment = {"CHANGEOVER_REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
