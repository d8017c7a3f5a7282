"""A soak that is past its time, by the time that people are shown, says what it may wait for."""

from __future__ import annotations

import pytest

from orchestrator.control.fleet_status import wave_sentence
from orchestrator.control.status import plan_summary

UNTIL_MS = 1_577_874_000_000
RECORD = {
    "name": "P", "status": "RUNNING", "max": "1", "waves": "1", "wave:0:name": "w", "wave:0:state": "SOAKING",
    "wave:0:total": "1", "wave:0:soak": "1000", "wave:0:until": str(UNTIL_MS),
}  # fmt: skip


@pytest.mark.parametrize(("now_ms", "is_late"), [(UNTIL_MS + 1, True), (UNTIL_MS, False)])
def test_a_soak_past_its_time_names_the_worker_that_it_waits_for(now_ms: int, is_late: bool) -> None:
    (wave,) = plan_summary("p", RECORD, lambda: now_ms).waves
    said = "wave w soaks until 10:20 UTC"
    late = ", its last looks are due; without a worker the soak waits: changeover worker"
    assert wave_sentence(wave, "p") == said + (late if is_late else "")
