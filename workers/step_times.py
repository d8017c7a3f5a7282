"""How long steps took in this process, on their way to the ledger: kept for two seconds, then added to its counters.

A script a step would cost more than many a step does. So what a killed process counted in its last two seconds is
lost, which no other number here is; nothing is ever counted twice. While Redis is away it adds up here, in a bounded
number of counters: one a type of step, result and bucket.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final
from uuid import uuid4

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.refusals import state_words
from orchestrator.observability.buckets import power_of
from steps import Done, Outcome, PollAgain

EVERY_SECONDS: Final = 2.0

_log = structlog.get_logger(__name__)


class StepTimes:
    """One a process that runs steps; started and stopped as ``orchestrator.background.loop`` says."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._unsent: Counter[str] = Counter()
        self._process = uuid4().hex
        self._batch = 0
        self._loop = BackgroundLoop("step-times", EVERY_SECONDS, self.send, closing=self.send)

    def took(self, step_type: str, outcome: Outcome, seconds: float) -> None:
        """One attempt of a step has ended."""
        result = "done" if isinstance(outcome, Done) else "again" if isinstance(outcome, PollAgain) else "failed"
        milliseconds = max(int(seconds * 1000), 0)
        name = f"step:{step_type}:{result}"
        with self._lock:
            self._counts[f"{name}:{power_of(milliseconds)}"] += 1
            self._counts[f"{name}:sum"] += milliseconds
        self._loop.start()

    def stop(self) -> None:
        """Sends what is left."""
        self._loop.stop()

    def send(self) -> None:
        """One round. A batch that may or may not have come through goes out again under its number."""
        if not self._unsent:
            with self._lock:
                self._unsent, self._counts = self._counts, Counter()
            self._batch += 1
        if not self._unsent:
            return
        try:
            self._ledger.count(self._process, self._batch, self._unsent)
            self._unsent = Counter()
        except UNREACHABLE as error:
            _log.info(f"step times wait, {state_words(error)}", action="step-times-wait", error=str(error))
