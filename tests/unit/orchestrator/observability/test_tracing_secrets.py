"""What the exporter of traces quotes of its own variables is masked."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from orchestrator.observability.tracing import attributes, end_span, start_tracing, stop_tracing
from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.masking import mask
from orchestrator.settings.model import Settings


def test_headers_and_the_endpoints_password_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets())
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=TOPSECRETheader,TOPSECRETbad")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:TOPSECRETpw@127.0.0.1:1/x?key=TOPSECRETk")
    start_tracing(Settings(traces=True))
    stop_tracing()
    said = mask("bad TOPSECRETbad TOPSECRETheader url: http://user:TOPSECRETpw@127.0.0.1:1/x?key=TOPSECRETk/v1/traces")
    assert "TOPSECRET" not in said
    assert "http://user:***@127.0.0.1:1/x" in said


def test_whatever_is_put_on_a_span_leaves_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "plantedsecret9431"
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([secret]))
    exporter = InMemorySpanExporter()
    tracing = start_tracing(Settings(traces=True), exporter)
    assert tracing is not None
    span = tracing.tracer.start_span(f"step {secret}", attributes=attributes(note=f"mwnote {secret}", turn=3))
    span.add_event(f"seen {secret}", {"what": secret})
    end_span(span, f"Kind: {secret}")
    own = span.get_span_context()
    stop_tracing()
    (sent,) = exporter.get_finished_spans()
    assert secret not in sent.to_json()
    assert sent.get_span_context() == own
    assert dict(sent.attributes or {}) == {"changeover.note": "mwnote ***", "changeover.turn": 3}
    assert sent.status.description == "Kind: ***"
