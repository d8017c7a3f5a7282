"""Notices a worker that is connected and yet gets nothing, and ends it so that its supervisor starts another.

A worker can look well (its process lives, its presence and leases are renewed, the broker answers) while its consumer
gets nothing any more: the blocking pop is not in flight, its reply is never read because the event loop hangs, or all
its queues were taken from it. Half-open connections are kombu's to notice (``health_check_interval``, 11 s); this is
for what is left, of which Celery has had several kinds.

The sign of life is one that costs nothing: a consumer that is well gets a reply to its blocking pop every second, if
only "nothing yet". The transport stamps each reply. A consumer whose slots are all busy rightly asks for nothing, so it
counts as well. Silence for ``deaf_seconds`` counts only while the broker answers somebody else in this process, and the
consumer has not connected anew since the last look: when the broker is away, or refuses it (a full one answers a ping,
and takes no write), reconnecting is the cure and the clock starts again.

A ping through the worker's own queue would see the same and cost a message; a ping through the control queue would not
see a lost consumer at all, as that is another subscription.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop

_log = structlog.get_logger(__name__)

CHECKS_A_PERIOD = 6
GRACE_SECONDS = 60.0
"""How long such a worker may take to stop by itself: its running turns end or are handed back."""


class Silence:
    """How long the consumer has had no reply from its broker; ended by the transport, from whatever thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._counts = True

    def end(self) -> None:
        """A reply came, or none is due."""
        self._since = self._clock()

    def seconds(self) -> float:
        """How long it has lasted."""
        return self._clock() - self._since if self._counts else 0.0

    def count_no_more(self) -> None:
        """From here on there is none: this broker is quiet when there is nothing."""
        self._counts = False


SILENCE = Silence()
"""Of this process: a worker has one consumer."""


_ends_itself: Final = threading.Event()


def ends_itself() -> bool:
    """Whether this process asked for its own end: it has to leave with a code that a supervisor starts another for."""
    return _ends_itself.is_set()


def stop_this_process() -> None:
    """Asks for a clean stop, and ends the process hard when that does not happen: the loop itself may hang."""
    _ends_itself.set()
    timer = threading.Timer(GRACE_SECONDS, os._exit, (1,))
    timer.daemon = True
    timer.start()
    os.kill(os.getpid(), signal.SIGTERM)


class Watchdog:
    """Looks at the silence; started and stopped as ``orchestrator.background.loop`` says."""

    def __init__(
        self,
        silence: Silence,
        silence_seconds: float,
        *,
        is_busy: Callable[[], bool],
        connects: Callable[[], int],
        broker_answers: Callable[[], bool],
        end: Callable[[], None] = stop_this_process,
    ) -> None:
        """``connects``: how often the consumer has begun to connect."""
        self._silence = silence
        self._silence_seconds = silence_seconds
        self._is_busy = is_busy
        self._connects = connects
        self._connected = connects()
        self._broker_answers = broker_answers
        self._end = end
        self._loop = BackgroundLoop("watchdog", silence_seconds / CHECKS_A_PERIOD, self._round, opening=silence.end)

    def start(self) -> None:
        """Starts looking; any silence before this moment is forgiven."""
        self._loop.start()

    def stop(self) -> None:
        """Stops looking."""
        self._loop.stop()

    def look(self) -> bool:
        """One look; True when the silence is too long, and the worker's end was asked for."""
        before, self._connected = self._connected, self._connects()
        if self._connected != before or self._is_busy() or not self._broker_answers():
            self._silence.end()
            return False
        silent = self._silence.seconds()
        if silent < self._silence_seconds:
            return False
        _log.error(
            "worker is connected but gets nothing; it ends for its supervisor",
            action="worker-silent",
            seconds=round(silent),
        )
        self._end()
        return True

    def _round(self) -> None:
        if self.look():
            # Asked for once: a second signal would not let the running turns end.
            self._loop.stop()
