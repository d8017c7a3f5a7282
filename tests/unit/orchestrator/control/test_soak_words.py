"""A soak that is past its time says what it may wait for."""

from __future__ import annotations

import pytest

from orchestrator.control.answers import WaveStatus
from orchestrator.control.fleet_status import wave_sentence


@pytest.mark.parametrize(("until", "is_late"), [("2020-01-01T10:20:00Z", True), ("2999-01-01T10:20:00Z", False)])
def test_a_soak_past_its_time_names_the_worker_that_it_waits_for(until: str, is_late: bool) -> None:
    wave = WaveStatus(name="w", state="SOAKING", tenants=1, ended=1, failed=0, soaks_until=until, counts={})
    said = "wave w soaks until 10:20 UTC"
    late = ", its last looks are due; without a worker the soak waits: changeover worker"
    assert wave_sentence(wave, "p") == said + (late if is_late else "")
