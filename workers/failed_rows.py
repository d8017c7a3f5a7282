"""Failed rows in Flower of stages that failed in a poll round, whose message was done long before.

Of a process at most ``MOST`` a second; how many more there were is one row besides. What cannot be sent is lost, as any
event may be: the ledger has recorded the failure before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop
from workers.next_link import FailedStage

MOST: Final = 20
"""Rows of a second: thousands that fail at once are no storm of events, and no page of Flower could show them."""

EVERY_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class FailedRows:
    """Of one process; ``add`` may be called from any thread. Starts with the first; see ``background.loop``."""

    def __init__(self, send: Callable[[Sequence[FailedStage]], None], wanted: Callable[[], bool]) -> None:
        """``send`` may block and raise; ``wanted``: whether anybody has asked for events."""
        self._send = send
        self._wanted = wanted
        self._lock = threading.Lock()
        self._stages: list[FailedStage] = []
        self._more = 0
        self._loop = BackgroundLoop("failed-rows", EVERY_SECONDS, self.round, closing=self.round)

    def add(self, stage: FailedStage) -> None:
        """Of a failure that is recorded."""
        if not self._wanted():
            return
        with self._lock:
            if len(self._stages) < MOST:
                self._stages.append(stage)
            else:
                self._more += 1
        self._loop.start()

    def stop(self) -> None:
        """Sends what is there, at once."""
        self._loop.stop()

    def round(self) -> None:
        """Sends those of the last second."""
        with self._lock:
            stages, self._stages = self._stages, []
            more, self._more = self._more, 0
        if more:
            stages.append(FailedStage(f"and {more} more stages", "failed too: changeover status PLAN --failed"))
        if not stages:
            return
        try:
            self._send(stages)
        except Exception as error:  # noqa: BLE001 - whatever the broker has, the failures are recorded
            _log.warning("failed rows not sent", action="rows-lost", rows=len(stages), error=str(error))
