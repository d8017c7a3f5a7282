"""What may take its time, on a thread of its own: the reconciler's walk, the windows of freezes, a checkpoint store."""

from __future__ import annotations

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.coordinator.freeze_keeper import FreezeKeeper
from orchestrator.coordinator.guard import FaultGuard
from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.refusals import state_words

_log = structlog.get_logger(__name__)


class Upkeep:
    """Started and stopped as ``background.loop`` says; each round is one bounded step of each."""

    def __init__(
        self, reconciler: Reconciler, freezes: FreezeKeeper, cleaner: CheckpointCleaner | None, every_seconds: float
    ) -> None:
        self._reconciler = reconciler
        self._freezes = freezes
        self._cleaner = cleaner
        self._guard = FaultGuard()
        self._loop = BackgroundLoop("upkeep", every_seconds, self.round)

    def start(self) -> None:
        """Goes on with the walks."""
        self._loop.start()

    def stop(self) -> None:
        """Ends after the step under way."""
        self._loop.stop()

    def round(self) -> None:
        """One step of each."""
        try:
            self._reconciler.step()
            self._guard.run("the windows of freezes", self._freezes.step)
            if self._cleaner is not None:
                self._guard.run("the checkpoint store", self._cleaner.step)
        except UNREACHABLE as error:
            _log.info(state_words(error), action="upkeep-waits", error=str(error))
