"""A request stands once with what it acts on, whatever event tells of it (I17)."""

from __future__ import annotations

import pytest

from orchestrator.history import Report, check_log
from tests.unit.orchestrator.history.told import PLAN, STAGES, Line, freeze, of_plan, opening, tell, unfreeze


def of(lines: list[Line]) -> Report:
    return check_log(tell(lines), {PLAN: STAGES})


def answer(kind: str, request: str) -> Line:
    return of_plan(kind, wave="canary", actor="me", reason="", requestId=request)


@pytest.mark.parametrize(
    ("lines", "is_told"),
    [
        ([*opening(), answer("PlanGateApproved", "r"), answer("PlanGateApproved", "r")], True),
        ([*opening(), answer("PlanGateRejected", "r"), answer("PlanGateApproved", "s")], False),
        ([freeze(requestId="r"), unfreeze(), freeze(requestId="r")], True),
        ([freeze(requestId="r"), freeze(requestId="s")], True),
        ([freeze(requestId="r"), unfreeze(), freeze(requestId="s")], False),
    ],
)
def test_what_acts_twice_is_told(lines: list[Line], is_told: bool) -> None:
    assert bool(of(lines).of("I17")) is is_told
