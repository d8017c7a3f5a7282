"""When a message is due: its time is one of the ledger's clock, and is waited for by this process' monotonic clock.

The wall clock of a worker, right or wrong, set or stepped, decides nothing: neither how long a poll waits here nor, by
what it writes into a message, how long it waits elsewhere. Whatever still comes early is sent back by the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from celery.worker.strategy import default
from kombu.asynchronous.timer import to_timestamp

from workers.canary import CANARY
from workers.task_events import TASK_EVENTS

FURTHEST_SECONDS: Final = 2700.0
"""No message waits longer here: the runner asks for at most half an hour, and the broker takes a message for lost after
an hour. What comes early is sent back by the ledger, or dropped if it is no turn's."""


class LedgerTime:
    """How far the ledger's clock is ahead of this process' monotonic one; told with every sign of life."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead: float | None = None

    def told(self, now_ms: int) -> None:
        """What time the ledger said it is, a moment ago."""
        self._ahead = now_ms / 1000 - self._monotonic()

    def monotonic_time_of(self, due: datetime) -> float:
        """The moment on this process' monotonic clock; by the wall clock while the ledger has not said anything yet."""
        return min(self._moment_of(due), self._monotonic() + FURTHEST_SECONDS)

    def _moment_of(self, due: datetime) -> float:
        if self._ahead is None:
            return float(to_timestamp(due))  # type: ignore[no-untyped-call]
        return max(due.timestamp() - self._ahead, 0.0)


LEDGER_TIME = LedgerTime()
"""Of this process."""


def strategy(task: Any, app: Any, consumer: Any, **options: Any) -> Callable[..., Any]:
    """Celery's own way of taking a message in, but for whose clock tells when it is due; test messages apart. Whether
    events of tasks are on is noted in passing, for those who have no consumer to ask."""
    take = default(task, app, consumer, **options)

    def take_by_ledger_time(message: Any, body: Any, ack: Any, reject: Any, callbacks: Any) -> Any:
        TASK_EVENTS.note(consumer.event_dispatcher)
        if CANARY.takes(message, ack, consumer.connection_errors):
            return None
        return take(message, body, ack, reject, callbacks, to_timestamp=LEDGER_TIME.monotonic_time_of)

    return take_by_ledger_time
