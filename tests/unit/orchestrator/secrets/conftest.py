"""No test here knows the secrets of another."""

from __future__ import annotations

import pytest

from orchestrator.secrets.known import KnownSecrets


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets())
    monkeypatch.setattr("orchestrator.secrets.masking._source", None)
