"""Lets ended plans go: after ``retention_seconds`` each is archived, if an archive is set, and purged in chunks.

On a thread and a connection of its own: reading a plan of 100,000 tenants takes a minute, and admission must not wait.
Any number of coordinators may do this at once: a plan is purged only if it is still as it was archived, and a purge
that was cut off is gone on with by whoever comes next. A plan whose archive fails stays, and is tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.control.export import plan_lines
from orchestrator.coordinator.archive import Archive, ArchiveUnavailable
from orchestrator.coordinator.guard import FaultGuard
from orchestrator.domain.errors import NotFound
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.operations import Order, Taken
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import state_words

EVERY_SECONDS: Final = 5.0
"""Pause between two looks; a look without anything to do is two small scripts."""

BATCH: Final = 20
"""Plans taken up in one look."""

PAGE: Final = 500
"""Plans of an older release filed in one call, once a process."""

ORDER: Final = Order(actor="system", reason="retention_seconds is over", request_id="")

_log = structlog.get_logger(__name__)


class Retention:
    """One walk over what has expired, a step at a time."""

    def __init__(
        self,
        purges: Purges,
        reader: Reader,
        retention_seconds: float | None,
        archive: Archive | None,
        forget_gone: Callable[[], object] = lambda: None,
    ) -> None:
        """``retention_seconds`` None keeps plans for ever; what a person purged is cleared away all the same.
        ``forget_gone`` takes out what else is left of the dead."""
        self._purges = purges
        self._reader = reader
        self._seconds = retention_seconds
        self._archive = archive
        self._forget_gone = forget_gone
        self._guard = FaultGuard()
        self._to_file: list[str] | None = None
        self._stayed = 0

    def step(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Goes on with purges, files what an older release ended, lets expired plans go; answers how many went.

        ``is_stopping`` is asked between two chunks or plans.
        """
        self._guard.run("the presence of the dead", self._forget_gone)
        self._guard.run("what was purged", lambda: self._clear_away(is_stopping))
        if self._seconds is None or is_stopping():
            return 0
        self._guard.run("plans ended by an older release", self._file_ended)
        gone = 0
        rows, lost = self._purges.expired(self._seconds, BATCH, self._stayed)
        for plan_id in lost:
            self._stayed += not self._guard.run(f"plan {plan_id}", lambda: self._lose(plan_id))  # noqa: B023 - run at once
        for plan_id, seen in rows:
            if is_stopping():
                break
            ended = (plan_id, seen, is_stopping)
            went = self._guard.ask(f"plan {plan_id}", lambda: self._let_go(*ended), otherwise=False)  # noqa: B023 - run at once
            gone += went
            # Those that stay are passed by until the walk is through: they must not keep what ended after them.
            self._stayed += not went
        if len(rows) + len(lost) < BATCH:
            self._stayed = 0
        return gone

    def _clear_away(self, is_stopping: Callable[[], bool]) -> None:
        for _ in self._purges.chunks():
            if is_stopping():
                break

    def _let_go(self, plan_id: str, seen: str, is_stopping: Callable[[], bool]) -> bool:
        try:
            if self._archive is not None:
                self._archive.keep(plan_id, int(seen or 0), plan_lines(self._reader, plan_id))
        except ArchiveUnavailable as error:
            _log.error("plan not archived, it stays", action="archive-failed", planId=plan_id, error=str(error))
            return False
        except NotFound:
            # Another coordinator, or a person, was faster.
            return False
        reply = self._purges.purge(plan_id, ORDER, seen)
        if reply.answer is not Taken.ACCEPTED:
            return False
        _log.info("plan purged", action="purge", planId=plan_id)
        self._clear_away(is_stopping)
        return True

    def _lose(self, plan_id: str) -> None:
        if self._purges.lose(plan_id):
            _log.error("the plan's record is gone", action="plan-lost", planId=plan_id)

    def _file_ended(self) -> None:
        if self._to_file is None:
            self._to_file = self._reader.plan_ids()
        if self._to_file:
            self._purges.note_ended(self._to_file[:PAGE])
            del self._to_file[:PAGE]


class RetentionThread:
    """Runs ``Retention`` beside the coordinator; started and stopped as ``background.loop`` says."""

    def __init__(self, retention: Retention, every_seconds: float = EVERY_SECONDS) -> None:
        self._retention = retention
        self._loop = BackgroundLoop("retention", every_seconds, self._walk)

    def start(self) -> None:
        """Starts looking."""
        self._loop.start()

    def stop(self) -> None:
        """Ends after the chunk or plan that it is at."""
        self._loop.stop()

    def _walk(self) -> None:
        try:
            while self._retention.step(self._loop.is_stopping) and not self._loop.is_stopping():
                pass
        except UNREACHABLE as error:
            _log.warning(state_words(error), action="retention-waits", error=str(error))
