"""What every coordinator does besides admitting: answers what is overdue. Harmless in parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from orchestrator.ledger.clock import ClockWatch
from orchestrator.ledger.ledger import Ledger, admitted_row
from orchestrator.ledger.records import Admitted

BATCH: Final = 100
"""Leases answered in one script; keeps each call short after an outage of everything."""

ABANDONED_AFTER_MS: Final = 3_600_000
"""A draft not written to for this long is taken back."""

_log = structlog.get_logger(__name__)


class Sweeper:
    """Runs the sweep scripts; what they hand back is published by ``publish``."""

    def __init__(self, ledger: Ledger, publish: Callable[[Sequence[Admitted]], None]) -> None:
        self._ledger = ledger
        self._publish = publish
        self._clock = ClockWatch(ledger)

    def sweep(self) -> None:
        """One round. Leases and deadlines are left alone during the grace after an outage: workers record first."""
        upto_ms = self._clock.tick()
        if upto_ms is not None:
            self._republish("sweep_running", "recovered", upto_ms)
            self._republish("sweep_queued", "republished", upto_ms)
            while self._ledger.call("sweep_deadlines", BATCH, upto_ms)[1] == BATCH:
                pass
        self._ledger.call("sweep_lines", BATCH)
        while self._ledger.call("abandon_draft", ABANDONED_AFTER_MS, BATCH)[0] != "NONE":
            pass

    def _republish(self, verb: str, action: str, upto_ms: int) -> None:
        full = True
        while full:
            rows = [admitted_row(row) for row in self._ledger.call(verb, BATCH, upto_ms)[1]]
            for row in rows:
                _log.warning(f"stage {action}", action=action, taskId=row.task_id, epoch=row.epoch, turn=row.turn)
            if rows:
                self._publish(rows)
            full = len(rows) == BATCH
