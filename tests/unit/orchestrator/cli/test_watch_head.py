"""The head of `watch`: what it says to type is what would be taken."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console, Group

from orchestrator.cli.watch.sections import head
from orchestrator.control.answers import PausedBy, PlanSummary
from orchestrator.control.pace import Pace
from orchestrator.control.possible import FREELY, Possible


def _head(resume: Possible, kind: Any = "breaker") -> str:
    by = PausedBy(kind=kind, actor="policy", reason="it tripped", at="")
    plan = PlanSummary(plan_id="p", name="P", status="PAUSED", max_concurrency=1, counts={"PENDING": 1}, paused_by=by)
    live: Any = SimpleNamespace(
        summary=plan, done=0, total=1, moving={}, now=datetime.now(UTC), pace=Pace(), seconds_left=None,
        seconds_run=None, resume_now=lambda: resume,
    )  # fmt: skip
    out = io.StringIO()
    Console(file=out, width=120).print(Group(*head(live, 120)))
    return next(line.strip() for line in out.getvalue().splitlines() if line.startswith("paused"))


@pytest.mark.parametrize(
    ("resume", "command"),
    [
        (FREELY, "resume p"),
        (Possible("", ("accept_failures",), "its breaker tripped"), "resume p --accept-failures"),
        (Possible("its wave was taken back"), "explain --plan p"),
    ],
)
def test_a_paused_plan_is_told_the_resume_that_would_be_taken(resume: Possible, command: str) -> None:
    assert _head(resume) == f"paused by policy (it tripped); changeover {command}"


def test_by_its_gate_it_goes_on_with_the_approval() -> None:
    assert "changeover" not in _head(FREELY, "gate")
