"""Works out the windows of freezes that recur, long before the known ones run out; puts back what was lost of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from orchestrator.ledger.freeze_log import FreezeLog
from orchestrator.ledger.freezes import Freezes

EVERY_SECONDS: Final = 60.0

_log = structlog.get_logger(__name__)


class FreezeKeeper:
    """Any number may work at once: of two that write the same record the second finds it changed, and leaves it."""

    def __init__(self, freezes: Freezes, clock: Callable[[], float] = time.monotonic) -> None:
        self._freezes = freezes
        self._clock = clock
        self._next = clock()
        self._log = FreezeLog(freezes.reads)

    def step(self) -> None:
        """Looks at all freezes, once a minute: a few hundred small records at most."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + EVERY_SECONDS
        for freeze_id, what in self._freezes.rebuild(self._log):
            _log.error(f"repaired: {what}", action="reconciler-repair", freezeId=freeze_id, what=what)
        now_ms = self._freezes.reads.told_now_ms()
        for freeze in self._freezes.reads.all():
            if freeze.record is None or not freeze.record.needs_windows(now_ms):
                continue
            if self._freezes.top_up(freeze, freeze.record.planned(now_ms)):
                _log.info("windows of a freeze worked out", action="freeze-windows", freezeId=freeze.freeze_id)
