"""Walks over all tasks, a chunk a call, and lets the ledger repair what disagrees with a task's state.

Nothing depends on it: every script leaves locks, slots, leases and queues as the states say. It is there for the fault
that we did not think of and for hands in the data, so that even these end by themselves, are seen and are counted
(``reconcilerRepairs`` of the namespace, which should stay 0). Several may walk at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from orchestrator.coordinator.guard import FaultGuard
from orchestrator.ledger.ledger import Ledger

CHUNK: Final = 100
"""Tasks looked at in one script."""

_log = structlog.get_logger(__name__)


class Reconciler:
    """One walk after the other; each ``step`` is one script call."""

    def __init__(self, ledger: Ledger, plan_ids: Callable[[], Sequence[str]]) -> None:
        self._ledger = ledger
        self._plan_ids = plan_ids
        self._left: list[str] = []
        self._position = 0
        self._guard = FaultGuard()

    def step(self) -> bool:
        """Looks at the next chunk. True when that was the last of a walk, or there is nothing to look at."""
        if not self._left:
            self._left = list(self._plan_ids())
            self._position = 0
        if not self._left:
            return True
        plan_id = self._left[-1]
        if not self._guard.run(plan_id, lambda: self._check(plan_id)):
            self._position = -1
        if self._position < 0:
            self._left.pop()
            self._position = 0
        return not self._left

    def _check(self, plan_id: str) -> None:
        _, self._position, repairs = self._ledger.call("reconcile", plan_id, self._position, CHUNK)
        for task_id, what in repairs:
            _log.error(f"repaired: {what}", action="reconciler-repair", taskId=task_id, what=what)
