"""Test messages of ``changeover doctor``, one into each worker's own queue.

One that comes out of it proves that this worker's consumer takes messages from that broker, at this moment. It is
answered where messages are received, before any slot; which was the last is told with the worker's presence, so nothing
is left behind.
"""

from __future__ import annotations

from typing import Any, Final

import structlog

from orchestrator.broker.messages import CANARY_HEADER

LONGEST: Final = 100

_log = structlog.get_logger(__name__)


class Canary:
    """The last test message that this process took."""

    def __init__(self) -> None:
        self.last = ""

    def takes(self, message: Any, ack: Any, errors: tuple[type[Exception], ...]) -> bool:
        """Answers the message if it is one; it is acknowledged then, and means nothing else."""
        nonce = message.headers.get(CANARY_HEADER)
        if nonce is None:
            return False
        self.last = str(nonce)[:LONGEST]
        ack(_log, errors)
        return True


CANARY = Canary()
"""Of this process: a worker has one consumer."""
