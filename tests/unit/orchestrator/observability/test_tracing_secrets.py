"""What the exporter of traces quotes of its own variables is masked."""

from __future__ import annotations

import pytest

from orchestrator.observability.tracing import start_tracing, stop_tracing
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
