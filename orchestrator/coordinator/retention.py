"""Lets ended plans go: after ``retention_seconds`` each is archived, if an archive is set, and purged in chunks.

On a thread and a connection of its own: reading a plan of 100,000 tenants takes a minute, and admission must not wait.
Any number of coordinators may do this at once: a plan is purged only if it is still as it was archived, and a purge
that was cut off is gone on with by whoever comes next. A plan whose archive fails stays, and is tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import structlog

from orchestrator.control.export import plan_lines
from orchestrator.coordinator.archive import Archive, ArchiveUnavailable
from orchestrator.domain.errors import NotFound
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.operations import Order, Taken
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader

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
        stopping: threading.Event | None = None,
        forget_gone: Callable[[], object] = lambda: None,
    ) -> None:
        """``retention_seconds`` None keeps plans for ever; what a person purged is cleared away all the same.
        ``forget_gone`` takes out what else is left of the dead."""
        self._purges = purges
        self._reader = reader
        self._seconds = retention_seconds
        self._archive = archive
        self._stopping = stopping or threading.Event()
        self._forget_gone = forget_gone
        self._to_file: list[str] | None = None

    def step(self) -> int:
        """Goes on with purges, files what an older release ended, lets expired plans go; answers how many went."""
        self._forget_gone()
        for _ in self._purges.chunks():
            if self._stopping.is_set():
                return 0
        if self._seconds is None:
            return 0
        self._file_ended()
        gone = 0
        for plan_id, seen in self._purges.expired(self._seconds, BATCH):
            if self._stopping.is_set():
                break
            gone += self._let_go(plan_id, seen)
        return gone

    def _let_go(self, plan_id: str, seen: str) -> bool:
        try:
            if self._archive is not None:
                self._archive.keep(plan_id, int(seen or 0), plan_lines(self._reader, plan_id))
        except ArchiveUnavailable as error:
            _log.error("plan not archived, it stays", action="archive-failed", planId=plan_id, error=str(error))
            return False
        except NotFound:
            # Another coordinator, or a person, was faster.
            return False
        except UNREACHABLE:
            raise
        except Exception:  # noqa: BLE001 - one damaged plan must not keep all that ended after it
            _log.exception("plan not archived, it stays", action="archive-failed", planId=plan_id)
            return False
        reply = self._purges.purge(plan_id, ORDER, seen)
        if reply.answer is not Taken.ACCEPTED:
            return False
        _log.info("plan purged", action="purge", planId=plan_id)
        for _ in self._purges.chunks():
            if self._stopping.is_set():
                break
        return True

    def _file_ended(self) -> None:
        if self._to_file is None:
            self._to_file = self._reader.plan_ids()
        if self._to_file:
            page, self._to_file = self._to_file[:PAGE], self._to_file[PAGE:]
            self._purges.note_ended(page)


class RetentionThread:
    """Runs ``Retention`` beside the coordinator. Start and stop may be called twice."""

    def __init__(self, retention: Retention, stopping: threading.Event, every_seconds: float = EVERY_SECONDS) -> None:
        self._retention = retention
        self._stopping = stopping
        self._every_seconds = every_seconds
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts looking."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the chunk or plan that it is at."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=self._every_seconds)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            try:
                while self._retention.step() and not self._stopping.is_set():
                    pass
            except UNREACHABLE as error:
                _log.warning("Redis is away", action="retention-waits", error=str(error))
            except Exception:  # noqa: BLE001 - without this thread nothing would ever go
                _log.exception("went on after a fault", action="retention-fault")
