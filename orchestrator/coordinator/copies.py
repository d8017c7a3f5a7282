"""Which overdue messages are published once more: those that the broker says are gone, and no others (I18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from orchestrator.broker.backlog import Backlog
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Admitted, Turn

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Doubted:
    """A task whose queued lease ran out at ``now_ms``; its message was published, or should have been, before."""

    task: Admitted
    published_ms: int
    now_ms: int


class Copies:
    """Asks the broker, so it belongs to the thread that waits for the broker."""

    def __init__(self, ledger: Ledger, backlog: Backlog) -> None:
        self._ledger = ledger
        self._backlog = backlog

    def lost(self, doubted: Sequence[Doubted]) -> list[Admitted]:
        """Those to publish now; the ledger has taken note of it. Raises ``Unreachable`` when the broker is away."""
        if not doubted:
            return []
        self._backlog.look(max(one.now_ms for one in doubted))
        gone = [one.task for one in doubted if not self._backlog.may_hold(one.task.tenant_id, one.published_ms)]
        if not gone:
            return []
        turns = [Turn(task.task_id, task.epoch, task.stage, task.turn) for task in gone]
        due = set(self._ledger.requeue(turns))
        lost = [task for task, turn in zip(gone, turns, strict=True) if turn in due]
        for task in lost:
            known = {"planId": plan_of(task.task_id), "taskId": task.task_id, "tenantId": task.tenant_id}
            _log.warning("stage republished", action="republished", **known, epoch=task.epoch, turn=task.turn)
        return lost
