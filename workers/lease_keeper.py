"""One thread a process that renews all its running leases in one round trip and so also writes the heartbeats.

A turn is held from its begin to its end. When a renewal says that a turn is no longer this worker's (another holder
has a newer epoch, or the turn was ended elsewhere), the turn is marked lost: its runner stops at the next step, and
whatever it tries to record is refused by the ledger anyway. A renewal that fails is simply tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Turn

_log = structlog.get_logger(__name__)


class LeaseKeeper:
    """Starts with the first held turn; started and stopped as ``orchestrator.background.loop`` says."""

    def __init__(self, ledger: Ledger, renew_seconds: float) -> None:
        self._ledger = ledger
        self._loop = BackgroundLoop("lease-keeper", renew_seconds, self._renew)
        self._lock = threading.Lock()
        # By turn: a task that was recovered may be begun anew here while its old turn still runs.
        self._held: set[Turn] = set()
        self._lost: set[Turn] = set()

    @contextmanager
    def holding(self, turn: Turn) -> Iterator[None]:
        """Keeps the turn's lease alive while the block runs."""
        with self._lock:
            self._held.add(turn)
        self._loop.start()
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(turn)
                self._lost.discard(turn)

    def is_lost(self, turn: Turn) -> bool:
        """Whether a renewal found the turn in other hands."""
        with self._lock:
            return turn in self._lost

    def start(self) -> None:
        """Renews what is held; done by ``holding`` itself, so that a turn held after a stop is kept too."""
        self._loop.start()

    def stop(self) -> None:
        """Renews nothing more."""
        self._loop.stop()

    def _renew(self) -> None:
        with self._lock:
            turns = list(self._held)
        if not turns:
            return
        try:
            lost = self._ledger.renew(turns)
        except UNREACHABLE as error:
            _log.warning("leases not renewed", action="renew-failed", leases=len(turns), error=str(error))
            return
        with self._lock:
            self._lost.update(lost & self._held)
