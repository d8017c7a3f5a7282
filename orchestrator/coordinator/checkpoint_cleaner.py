"""Removes checkpoints that no task needs from a store beside the ledger.

They are left by a worker that died between the ledger's end of a task and the delete, by tasks that were cancelled
while no worker had them, by a retry from scratch, and by failed tasks whose time to live is over: in all these cases
the ledger's marker is gone, and so the checkpoint is nobody's. A task that runs is left alone: its first checkpoint
is saved a moment before its marker. What is deleted is what was seen: a later save has a higher epoch and stays, so any
number of coordinators may do this at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from checkpoint import CheckpointError
from orchestrator.domain.status import TASK_ACTIVE
from orchestrator.ledger.reader import Reader
from orchestrator.settings.contained_store import ContainedStore
from steps.raised import Escaped
from steps.told import said_by

PAGE: Final = 1000
"""Checkpoints looked at in one step: one read of the store, one of the ledger."""

_log = structlog.get_logger(__name__)


class CheckpointCleaner:
    """Walks over the store page by page, one page a call, and starts over every ``every_seconds``."""

    def __init__(
        self,
        store: ContainedStore,
        reader: Reader,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._reader = reader
        self._every_seconds = every_seconds
        self._clock = clock
        self._after = ""
        self._due = clock()

    def step(self) -> int:
        """Looks at the next page, when one is due; answers how many checkpoints were removed."""
        if self._clock() < self._due:
            return 0
        try:
            page = self._store.kept(self._after, PAGE)
            orphans = self._without_task([kept.task_id for kept in page])
            for kept in page:
                if kept.task_id in orphans:
                    self._store.delete(kept.task_id, kept.epoch)
        except (CheckpointError, Escaped) as error:
            _log.warning("checkpoints not cleaned up", action="clean-up-failed", error=said_by(error))
            page, orphans = [], frozenset()
        if page:
            self._after = page[-1].task_id
        else:
            self._after, self._due = "", self._clock() + self._every_seconds
        if orphans:
            _log.info("checkpoints removed", action="clean-up", count=len(orphans))
        return len(orphans)

    def _without_task(self, task_ids: list[str]) -> frozenset[str]:
        if not task_ids:
            return frozenset()
        marks = zip(task_ids, self._reader.checkpoint_marks(task_ids), strict=True)
        return frozenset(task_id for task_id, (known, status) in marks if not known and status not in TASK_ACTIVE)
