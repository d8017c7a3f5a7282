"""Spans of steps whose errors are code, or hold secrets: each ends, and tells the failure in words that are masked."""

from __future__ import annotations

import pytest
import redis
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from orchestrator.client import Client
from orchestrator.observability.tracing import start_tracing, stop_tracing
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.model import Settings
from steps import StepRegistry
from tests.support.hostile_errors import SECRET
from tests.support.in_process import InProcess
from tests.support.leaving_step import Leave
from tests.support.plans import plan, tenant
from workers.middleware import Chain
from workers.tracing import TracingMiddleware

WORDS = {
    "SystemExit": "SystemExit: bye",
    "words-leave": "Hostile, which cannot say what it is",
    "all-parts-raise-it-again": "Hostile: ***",
    "notes-leave": "ValueError: noted",
}


def test_a_step_that_raises_them_has_a_span_that_says_so(
    client: Client, redis_client: redis.Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    exporter = InMemorySpanExporter()
    tracing = start_tracing(settings.model_copy(update={"traces": True}), exporter)
    assert tracing is not None
    chain = Chain([TracingMiddleware(settings, tracing)])
    tenants = [tenant(f"t{number}") for number in range(len(WORDS))]
    stages = [{"name": "s", "steps": [{"type": "leave", "what": "{{ tenant.variables.what }}"}]}]
    for one, what in zip(tenants, WORDS, strict=True):
        one["variables"] = {"what": what}
    with InProcess(redis_client, settings, StepRegistry([Leave()]), middlewares=chain) as process, capture_logs():
        process.submit(plan("p", tenants, stages, max_concurrency=len(tenants)))
        for task in process.admit("p"):
            process.run(task)
    stop_tracing()
    spans = exporter.get_finished_spans()
    told = {name: [one.status.description for one in spans if one.name == name] for name in ("step leave", "stage s")}
    said = [f"StepError: {words}" for words in WORDS.values()]
    assert told == {"step leave": said, "stage s": said}
    assert SECRET not in "".join(one.to_json() for one in spans)
    assert client.summary("p").counts == {"FAILED": len(WORDS)}
