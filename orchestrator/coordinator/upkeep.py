"""What may take its time, on threads of its own: the reconciler's walk and the windows of freezes on one; on another
a checkpoint store, which is not the ledger's and may hang."""

from __future__ import annotations

from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.coordinator.freeze_keeper import FreezeKeeper
from orchestrator.coordinator.guard import FaultGuard
from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.refusals import state_words

STORE_JOIN_SECONDS: Final = 1.0
"""How long a stop waits for the store: what is not deleted now is by the next clean-up."""

_log = structlog.get_logger(__name__)


class Upkeep:
    """Started and stopped as ``background.loop`` says; each round is one bounded step of each."""

    def __init__(
        self, reconciler: Reconciler, freezes: FreezeKeeper, cleaner: CheckpointCleaner | None, every_seconds: float
    ) -> None:
        self._reconciler = reconciler
        self._freezes = freezes
        self._guard = FaultGuard()
        self._loops = [BackgroundLoop("upkeep", every_seconds, self.round)]
        if cleaner is not None:
            self._loops.append(_clean_up(cleaner, every_seconds))

    def start(self) -> None:
        """Goes on with the walks."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Ends after the step under way."""
        for loop in self._loops:
            loop.stop()

    def round(self) -> None:
        """One step of each, the store's apart."""
        try:
            self._reconciler.step()
            self._guard.run("the windows of freezes", self._freezes.step)
        except UNREACHABLE as error:
            _waits(error)


def _clean_up(cleaner: CheckpointCleaner, every_seconds: float) -> BackgroundLoop:
    guard = FaultGuard()

    def round() -> None:
        try:
            guard.run("the checkpoint store", cleaner.step)
        except UNREACHABLE as error:
            _waits(error)

    return BackgroundLoop("clean-up", every_seconds, round, join_seconds=STORE_JOIN_SECONDS)


def _waits(error: Exception) -> None:
    _log.info(state_words(error), action="upkeep-waits", error=str(error))
