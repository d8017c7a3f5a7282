"""Has workers look at the tenants of waves that soak, and ask HTTP gates: hands out what is due, as messages.

Nothing is lost by a message that is: what nobody answers is due again. While no worker is alive nothing is handed out,
so that nothing piles up in the broker.
"""

from __future__ import annotations

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.guard import FaultGuard
from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.awaited import Awaited
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import state_words

_log = structlog.get_logger(__name__)


class Asker:
    """On a thread of its own: neither a broker that hangs nor a large wave holds anything else up."""

    def __init__(self, ledger: Ledger, reader: Reader, dispatcher: Dispatcher, every_seconds: float) -> None:
        self._awaited = Awaited(ledger)
        self._reader = reader
        self._dispatcher = dispatcher
        self._guard = FaultGuard()
        self._loop = BackgroundLoop("asker", every_seconds, self._round)

    def start(self) -> None:
        """Asks from now on."""
        self._loop.start()

    def stop(self) -> None:
        """Ends after what it is handing out."""
        self._loop.stop()

    def _round(self) -> None:
        try:
            if any(one.role == "worker" for one in self._reader.alive()):
                self._guard.run("what waves wait for", self.hand_out)
        except (Unreachable, *UNREACHABLE) as error:
            _log.warning(state_words(error), action="asker-waits", error=str(error))

    def hand_out(self) -> None:
        """All that is due, a plan's batch at a time."""
        while (due := self._awaited.hand_out()).more and not self._loop.is_stopping():
            if due.looks:
                self._dispatcher.look(due.looks)
            if due.question is not None:
                self._dispatcher.ask(due.question)
