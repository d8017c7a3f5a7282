"""Says to the ledger which messages this worker has in hand: received, and waiting for their time or for a free slot.

A queued lease that runs out means a message that was lost or waits. For one that waits in its lane the broker is asked
(``orchestrator/broker/backlog.py``); one that a worker has taken in, a poll's above all, is in no lane any more, and
only this worker can say so. It does for the first three leases after the message was due: a worker whose slots are all
stuck must not keep what another could do. Should it die, nobody says so any more and the lease runs out.

The same word is the heartbeat of a stage between two polls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
from celery.worker import state

from orchestrator.background.loop import BackgroundLoop
from orchestrator.broker.messages import RUN_STAGE, turns_of
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Turn

BATCH: Final = 100
"""Turns named in one script."""

_log = structlog.get_logger(__name__)


class InHand:
    """One loop of the worker's main process, whatever its pool; started and stopped as ``BackgroundLoop`` says."""

    def __init__(
        self,
        ledger: Ledger,
        renew_seconds: float,
        heartbeat_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._heartbeat_seconds = heartbeat_seconds
        self._clock = clock
        self._next_beat = 0.0
        self._loop = BackgroundLoop("in-hand", renew_seconds, self.tell)

    def start(self) -> None:
        """Begins to tell."""
        self._loop.start()

    def stop(self) -> None:
        """Tells nothing more."""
        self._loop.stop()

    def tell(self) -> None:
        """One round: those that are due and have no slot; now and then those that are for later too."""
        turns = _turns(set(_copy(state.reserved_requests)) - set(_copy(state.active_requests)))
        if self._clock() >= self._next_beat:
            self._next_beat = self._clock() + self._heartbeat_seconds
            turns += _turns(_copy(state.scheduled_requests))
        try:
            for first in range(0, len(turns), BATCH):
                self._ledger.hold(turns[first : first + BATCH])
        except UNREACHABLE as error:
            _log.warning("messages in hand not told", action="hold-failed", messages=len(turns), error=str(error))


def _turns(requests: Iterable[Any]) -> list[Turn]:
    named = [turns_of(one.args, one.kwargs) for one in requests if one.name == RUN_STAGE]
    return [turn for turns in named for turn in turns]


def _copy(requests: Any) -> list[Any]:
    """Of a set that the worker's own loop changes meanwhile; nothing, once in a while, when it never holds still."""
    for _ in range(10):
        try:
            return list(requests)
        except RuntimeError:
            continue
    return []
