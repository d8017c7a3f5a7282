"""Who took the doctor's test message, and who answered nothing."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.control.doctor.consuming import rows, stopped_of
from orchestrator.ledger.presence import ALIVE_SECONDS, Process


def test_who_froze_or_stopped_while_it_was_waited_for_has_not_answered() -> None:
    told, frozen, stops = (Process("worker", "h", pid, ("q",), 1.0) for pid in (1, 2, 3))
    left = {one.name: one for one in (told, frozen, stops)}
    now = [replace(told, canary="n"), replace(frozen, age_seconds=ALIVE_SECONDS + 2)]
    stopped = stopped_of(left, "n", now)
    assert (list(left), stopped) == ([frozen.name], 1)
    first, of_one = rows(3, list(left.values()), stopped, 6.0)
    assert first.finding == "1 of 3 workers took theirs within 6.0 s; 1 have stopped meanwhile"
    assert (first.good, of_one.good) == (False, False)
    assert "its last sign of life 12 s ago: it is frozen or was killed" in of_one.finding
