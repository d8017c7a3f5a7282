"""A soak or a gate that is past its time, by the time that people are shown, says what it may wait for."""

from __future__ import annotations

import pytest

from orchestrator.console.page.plan_pieces import now_of
from orchestrator.control.fleet_status import wave_sentence
from orchestrator.control.status import plan_summary
from orchestrator.domain.roles import Role

UNTIL_MS = 1_577_874_000_000
RECORD = {
    "name": "P", "status": "RUNNING", "max": "1", "waves": "1", "wave:0:name": "w", "wave:0:state": "SOAKING",
    "wave:0:total": "1", "wave:0:soak": "1000", "wave:0:until": str(UNTIL_MS),
}  # fmt: skip


LOOKS = ", its last looks are due"


@pytest.mark.parametrize(
    ("now", "late"),
    [(0, ""), (1, LOOKS), (10, LOOKS), (11, f"{LOOKS}; without a worker the soak waits: changeover worker")],
)
def test_a_soak_long_past_its_time_names_the_worker_that_it_waits_for(now: int, late: str) -> None:
    (wave,) = plan_summary("p", RECORD, lambda: UNTIL_MS + now * 1000).waves
    assert wave_sentence(wave, "p") == "wave w soaks until 2020-01-01 10:20:00 UTC" + late


def test_between_two_rounds_of_looks_no_worker_is_waited_for() -> None:
    said = []
    for left in ("1", "0"):
        (wave,) = plan_summary("p", {**RECORD, "soakLeft": left}, lambda: UNTIL_MS + 11_000).waves
        said.append("without a worker" in wave_sentence(wave, "p"))
    assert said == [True, False]


@pytest.mark.parametrize(
    ("left", "doubts", "said"),
    [
        ("0", "1", ", 1 was gone at the last look, and is looked at again"),
        ("0", "2", ", 2 were gone at the last look, and are looked at again"),
        ("1", "1", LOOKS),
        ("0", "0", LOOKS),
    ],
)
def test_who_is_gone_keeps_a_wave_in_its_soak_and_no_look_is_due(left: str, doubts: str, said: str) -> None:
    record = {**RECORD, "wave": "0", "soakLeft": left, "soakDoubts": doubts}
    plan = plan_summary("p", record, lambda: UNTIL_MS + 1000)
    assert wave_sentence(plan.waves[0], "p") == "wave w soaks until 2020-01-01 10:20:00 UTC" + said
    again = "its tenants are looked at again" if said == LOOKS else said.removeprefix(", ")
    assert now_of(plan, Role.VIEWER).sentence == f"Wave w soaks: {again}"


@pytest.mark.parametrize(("at", "is_back"), [(4_999, False), (5_000, True)])
def test_a_soak_that_lasts_since_the_clock_was_put_back_says_so(at: int, is_back: bool) -> None:
    """By the ledger's clock, which is never put back, it is over."""
    record = {**RECORD, "soakAt": str(at), "soakEnds": "5000"}
    for behind_ms, says_so in ((90_000_000, is_back), (500, False)):
        (wave,) = plan_summary("p", record, lambda: UNTIL_MS - behind_ms).waves  # noqa: B023 - asked at once
        assert ("was put back since" in wave_sentence(wave, "p")) is says_so


GATE = '{"url":"http://gate.example/","interval":30000,"timeout":3600000}'
WAITS = (
    "waits for approval of wave w by its HTTP gate http://gate.example/, asked once since 10:20:00 UTC, no answer yet, "
)
DUE = "its next question is due"
LATE = f"{DUE}; without a worker the gate waits: changeover worker"


@pytest.mark.parametrize(
    ("now", "asked_next", "until", "said"),
    [
        (0, 30, 60, "asked again at 10:20:30 UTC, rejected at 10:21:00 UTC without a yes"),
        (31, 30, 60, DUE),
        (41, 30, 60, LATE),
        (61, 90, 60, DUE),
        (71, 90, 60, LATE),
        (59, 60, 60, "rejected at 10:21:00 UTC without a yes"),
    ],
    ids=["in time", "due", "overdue", "past its deadline", "long past it", "asked no more before it"],
)
def test_a_gate_claims_no_time_that_is_past(now: int, asked_next: int, until: int, said: str) -> None:
    gate = {
        **RECORD, "wave:0:state": "GATED", "wave:0:gate": GATE, "gateAsked": "1", "gateAskedSince": str(UNTIL_MS),
        "gateNext": str(UNTIL_MS + asked_next * 1000), "gateUntil": str(UNTIL_MS + until * 1000),
    }  # fmt: skip
    (wave,) = plan_summary("p", gate, lambda: UNTIL_MS + now * 1000).waves
    assert wave_sentence(wave, "p") == WAITS + said
