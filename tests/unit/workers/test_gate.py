"""Moments that Celery cannot put into its own time never reach it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.workers.test_garbage import ARGS, EMBED, envelope
from workers.gate import why_refused


def message(eta: Any) -> dict[str, Any]:
    return envelope([ARGS, {}, EMBED], headers__eta=eta)


@pytest.mark.parametrize("eta", ["2026-11-29T00:00:00+00:00", "2026-11-29T00:00:00.5", "2026-11-29"])
def test_taken(eta: str) -> None:
    assert why_refused(message(eta)) is None


@pytest.mark.parametrize(
    "eta", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-29T00:00:00+00:00:00.5", "x", 5]
)
def test_refused(eta: Any) -> None:
    assert (why_refused(message(eta)) or "").startswith("headers.eta: ")
