"""What every coordinator does besides admitting: answers what is overdue. Harmless in parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.background.news import News
from orchestrator.coordinator.copies import Doubted
from orchestrator.coordinator.guard import FaultGuard
from orchestrator.domain.errors import TooOld
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.clock import ClockWatch
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.freezes import Freezes
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Admitted, admitted_row
from orchestrator.ledger.refusals import is_damaged_key, state_words

BATCH: Final = 100
"""Queued leases answered in one script; keeps each call short after an outage of everything."""

ENDS: Final = 20
"""Running leases and deadlines in one script: each may end a task, which is a tenth of a millisecond and more."""

WAITERS: Final = 100
"""Waiters for free tenants looked at in one script; the last line is looked at whole."""

ABANDONED_AFTER_MS: Final = 3_600_000
"""A draft not written to for this long is taken back."""

_log = structlog.get_logger(__name__)


class Sweeper:
    """Runs the sweep scripts; what they hand back is published by ``publish``, which must not block.

    Messages that may merely wait go to ``doubt``, which must not block either; without it they count as lost.
    """

    def __init__(
        self,
        ledger: Ledger,
        publish: Callable[[Sequence[Admitted]], None],
        doubt: Callable[[Sequence[Doubted]], None] | None = None,
        room: Callable[[], int] = lambda: BATCH,
        doubted_room: Callable[[], int] = lambda: BATCH,
    ) -> None:
        """``room``: how many more ``publish`` would take; others are recovered a little later. ``doubted_room``: how
        many more ``doubt`` would; others are left for a lease."""
        self._ledger = ledger
        self._publish = publish
        self._room = room
        self._doubted_room = doubted_room
        self._doubt = doubt or (lambda doubted: publish([one.task for one in doubted]))
        self._freezes = Freezes(ledger)
        self._clock = ClockWatch(ledger)
        self._guard = FaultGuard()

    def look_at_clock(self) -> None:
        """A tick before anything is admitted: an outage is told by the time since the last one."""
        self._clock.tick()

    def sweep(self, is_stopping: Callable[[], bool] = lambda: False) -> None:
        """Answers all that is overdue, a bounded batch of each kind at a time, with a tick before each."""
        while self._sweep_batch() and not is_stopping():
            pass

    def _sweep_batch(self) -> bool:
        """True when there may be more. Leases and deadlines are left alone in the grace after an outage."""
        upto_ms = self._clock.tick()
        kinds: dict[str, Callable[[int], bool]] = {
            "lines": self._lines,
            "groups": self._groups,
            "freezes": self._thaw,
            "drafts": self._draft,
        }
        if upto_ms is not None:
            overdue = {"deadlines": self._deadlines, "running leases": self._running, "queued leases": self._queued}
            kinds = overdue | kinds
        more = [self._guard.ask(name, partial(kind, upto_ms or 0), otherwise=False) for name, kind in kinds.items()]
        return any(more)

    def _deadlines(self, upto_ms: int) -> bool:
        return bool(self._ledger.call("sweep_deadlines", ENDS, upto_ms)[2])

    def _running(self, upto_ms: int) -> bool:
        _, found, more = self._ledger.call("sweep_running", ENDS, upto_ms, self._room())
        rows = [admitted_row(row) for row in found]
        for row in rows:
            known = {"planId": plan_of(row.task_id), "taskId": row.task_id, "tenantId": row.tenant_id}
            _log.warning("stage recovered", action="recovered", **known, epoch=row.epoch, turn=row.turn)
        if rows:
            self._publish(rows)
        return bool(more)

    def _queued(self, upto_ms: int) -> bool:
        _, rows, more = self._ledger.call("sweep_queued", BATCH, upto_ms, self._doubted_room())
        if rows:
            self._doubt([Doubted(admitted_row(row[:-1]), int(row[-1]), upto_ms) for row in rows])
        return bool(more)

    def _lines(self, _: int) -> bool:
        return bool(self._ledger.call("sweep_lines", BATCH, WAITERS)[2])

    def _groups(self, _: int) -> bool:
        return bool(self._ledger.call("sweep_groups", BATCH, WAITERS)[2])

    def _thaw(self, _: int) -> bool:
        return self._freezes.thaw(BATCH)

    def _draft(self, _: int) -> bool:
        return bool(self._ledger.call("abandon_draft", ABANDONED_AFTER_MS, BATCH)[0] != "NONE")


class SweeperThread:
    """Sweeps on a thread of its own, whatever else the coordinator is busy with or waits for."""

    def __init__(self, sweeper: Sweeper, every_seconds: float) -> None:
        self._sweeper = sweeper
        self._news = News()
        self._loop = BackgroundLoop("sweeper", every_seconds, self._round, opening=self._look_at_clock)

    def start(self) -> None:
        """Sweeps from now on."""
        self._loop.start()

    def stop(self) -> None:
        """Ends after the batch under way."""
        self._loop.stop()

    def _look_at_clock(self) -> None:
        # Where it cannot, nothing can be admitted either.
        with suppress(*UNREACHABLE, TooOld):
            self._sweeper.look_at_clock()

    def _round(self) -> None:
        try:
            self._sweeper.sweep(self._loop.is_stopping)
        except UNREACHABLE as error:
            if not is_damaged_key(error) or self._news.is_new("the ledger", str(error)):
                _log.warning(state_words(error), action="sweeper-waits", error=str(error))
