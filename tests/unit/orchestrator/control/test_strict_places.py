"""When a strict breaker leaves fewer places than a plan would use, and whose it is."""

from __future__ import annotations

import pytest

from orchestrator.control.strict_places import strict_places

RUNS = {"status": "RUNNING", "max": "20", "strict": "1", "tolerance": "3", "n:PENDING": "30", "n:RUNNING": "1"}
FAILED = RUNS | {"n:FAILED": "3"}
BORNE = {"accepted": "2", "n:RUNNING": "3"}
BACK = {"n:FAILED": "0", "n:takenBack": "3"}
WAVE = {
    **{"waves": "1", "wave": "0", "wave:0:name": "rest", "wave:0:strict": "1", "wave:0:tolerance": "2"},
    **{"wave:0:n:PENDING": "8", "wave:0:n:FAILED": "1", "wave:0:n:RUNNING": "2"},
}


@pytest.mark.parametrize(
    ("record", "wave", "told"),
    [
        (RUNS, None, ""),
        (FAILED, None, "strict breaker: 3 failed of 3 borne, so 1 tenant moves at a time"),
        (FAILED | BORNE, None, "strict breaker: 3 failed of 5 borne, so 3 tenants move at a time"),
        (FAILED | {"strict": "0"}, None, ""),
        (FAILED | {"n:FAILED": "4"}, None, ""),
        (FAILED | {"n:PENDING": "0"}, None, ""),
        (FAILED | {"max": "1"}, None, ""),
        (FAILED | {"n:RUNNING": "0"}, None, ""),
        (FAILED | {"n:FAILED": "2"}, None, ""),
        (FAILED | {"pauseRequested": "1"}, None, ""),
        (FAILED | {"status": "PAUSED"}, None, ""),
        (FAILED | {"retryCursor": "0"}, None, ""),
        (RUNS | WAVE, 0, "strict breaker of wave rest: 1 failed of 2 borne, so 2 tenants move at a time"),
        (RUNS | WAVE | {"wave:0:max": "2"}, 0, ""),
        (FAILED | WAVE | {"wave:0:tolerance": "0", "wave:0:n:FAILED": "0"}, 0, ""),
        (RUNS | WAVE | {"strict": "0", "n:FAILED": "4"}, 0, ""),
        (FAILED | {"n:PENDING": "0", "n:ROLLING_BACK": "4"}, None, ""),
        (FAILED | WAVE, 0, "strict breaker: 3 failed of 3 borne, so 1 tenant moves at a time"),
    ],
)
def test_it_is_told_only_where_it_is_what_slows_the_plan(record: dict[str, str], wave: int | None, told: str) -> None:
    found = strict_places(record, wave)
    assert (found.words if found else "") == told


@pytest.mark.parametrize(
    ("counts", "until"),
    [
        ({}, "until some are retried or accepted"),
        ({"n:FAILED": "1", "n:takenBack": "2"}, "until some are retried or accepted"),
        (BACK | {"n:ROLLED_BACK": "3"}, "until some are retried"),
        (BACK, "until what goes back is there, and is retried"),
        ({"n:rollbackRequested": "3"}, "until what goes back is there, and is retried"),
        ({"n:FAILED": "0", "n:ROLLBACK_FAILED": "3"}, "until some are accepted"),
        (BACK | {"n:ROLLBACK_FAILED": "1", "n:takenBack": "2"}, "until some are accepted"),
    ],
)
def test_what_goes_back_by_policy_nobody_accepts_nor_does_a_retry_move_who_could_not(
    counts: dict[str, str], until: str
) -> None:
    found = strict_places(FAILED | counts, None)
    assert found is not None
    assert (found.failed, found.until) == (3, until)
