"""Checkpoints that the threads of a worker look up at the same time, above all those of what a lost worker had: one
look-up for all of them.

While one look-up is under way those that come wait for it, and go in the next one together. So nobody waits for others
to come, who comes alone asks at once, and a process asks a store for one lot at a time, however many threads it has.
Only for so long: while a look-up lasts longer, as one whose answer never comes, each asks by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from checkpoint import Checkpoint, CheckpointStore
from steps.raised import is_for_process
from steps.told import words_of

PATIENCE_SECONDS: Final = 1.0
"""How long a look-up may last before nobody waits for it."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _LookUp:
    """One look-up, and what came of it; ``alone``: it has to be asked for by itself."""

    task_id: str
    found: Checkpoint | None = None
    alone: bool = True
    is_answered: bool = False


class JoinedLoads:
    """Of one store, for all threads of a process."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        self._changed = threading.Lock()
        self._waiting: list[_LookUp] = []
        self._asking = threading.Lock()
        self._asked_at: float | None = None

    def load(self, task_id: str) -> Checkpoint | None:
        """As the store's ``load``. A fault of a look-up for many is nobody's in particular: each asks by itself then,
        so that it waits, or fails, for itself alone."""
        mine = _LookUp(task_id)
        with self._changed:
            self._waiting.append(mine)
            since = self._asked_at
        patience = PATIENCE_SECONDS if since is None else max(since + PATIENCE_SECONDS - time.monotonic(), 0.0)
        if self._asking.acquire(timeout=patience):
            try:
                self._ask_for_all(mine)
            finally:
                self._asking.release()
        elif not mine.is_answered:
            self._leave(mine)
        return self._store.load(task_id) if mine.alone else mine.found

    def waiting(self) -> int:
        """How many go in the next look-up."""
        with self._changed:
            return len(self._waiting)

    def _leave(self, mine: _LookUp) -> None:
        with self._changed:
            # Unless the one under way has it.
            if mine in self._waiting:
                self._waiting.remove(mine)

    def _ask_for_all(self, mine: _LookUp) -> None:
        if mine.is_answered:
            return
        with self._changed:
            lot, self._waiting = self._waiting, []
            self._asked_at = time.monotonic()
        try:
            self._ask(lot)
        finally:
            with self._changed:
                self._asked_at = None

    def _ask(self, lot: Sequence[_LookUp]) -> None:
        try:
            found = self._found([one.task_id for one in lot])
            for one in lot:
                one.found, one.alone = found.get(one.task_id), False
        except BaseException as error:
            # Of one alone it is that one's, who asks here.
            if len(lot) == 1 or is_for_process(error):
                raise
            _log.warning("checkpoints not fetched", action="fetch-failed", count=len(lot), error=words_of(error))
        finally:
            for one in lot:
                one.is_answered = True

    def _found(self, task_ids: Sequence[str]) -> dict[str, Checkpoint | None]:
        if len(task_ids) == 1:
            return {task_ids[0]: self._store.load(task_ids[0])}
        return {**self._store.load_many(task_ids)}
