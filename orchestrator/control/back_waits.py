"""What tasks of a plan wait for that are to go back (a freeze that stops rollbacks, a place of a group), or while
nothing of it moves its moves (a freeze, a group), and why not all went back of one that has ended so. Before all that,
whether somebody is alive who would move it."""

from __future__ import annotations

import contextlib
import time
from typing import Final

from orchestrator.control.answers import PlanSummary
from orchestrator.control.damage import UNREADABLE
from orchestrator.control.left_behind import left_behind
from orchestrator.control.status import StatusReader
from orchestrator.control.unserved import unserved_words
from orchestrator.domain.status import DAMAGED, TASK_ACTIVE, PlanState, TaskState
from orchestrator.domain.task_id import tasks_in
from orchestrator.domain.typed import typed
from orchestrator.ledger.presence import BEAT_SECONDS
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record

LOOK_SECONDS: Final = 5.0
"""So long what was found is told again, unless more or fewer are to go back."""

LOOKED_AT: Final = 10_000
"""Tasks that are looked at, the plan's first ones; of larger plans `explain` tells."""


class BackWaits:
    """Of one plan."""

    def __init__(self, reader: Reader, plan_id: str) -> None:
        self._reader = reader
        self._plan_id = plan_id
        self._told, self._until, self._asked = "", 0.0, 0
        self._roles: frozenset[str] = frozenset()
        self._roles_until = 0.0

    def words(self, record: Record) -> str:
        """``2 wait to go back, such as acme: frozen until ...``, and where all is told; "" when nobody waits so. Of a
        plan that ended ROLLBACK_FAILED why. Asks the ledger now and then, and only in these cases."""
        with contextlib.suppress(*UNREADABLE):
            if nobody := unserved_words(self._roles_alive, self._plan_id, record):
                return nobody
        asked = -1 if record.get("status") == PlanState.ROLLBACK_FAILED else 0
        with contextlib.suppress(*UNREADABLE):
            asked = int(record.get("n:rollbackRequested", 0)) or asked or -_stands_still(record)
        if asked != self._asked or time.monotonic() >= self._until:
            self._told = self._look(tasks_in(record), asked) if asked else ""
            self._until, self._asked = time.monotonic() + LOOK_SECONDS, asked
        return self._told

    def _roles_alive(self) -> frozenset[str]:
        """As of the last beat: a screen looks more often, and a fleet may have many workers."""
        if time.monotonic() >= self._roles_until:
            self._roles = frozenset(one.role for one in self._reader.alive())
            self._roles_until = time.monotonic() + BEAT_SECONDS
        return self._roles

    def _look(self, total: int, asked: int) -> str:
        groups = self._reader.survey(self._plan_id, min(total, LOOKED_AT))
        if asked == -1:
            return left_behind(self._plan_id, groups)
        kinds = ("frozen", "group")
        stopped = [group for group in groups if group.kind in kinds and bool(group.words[1]) == (asked > 0)]
        tasks = StatusReader(self._reader).tasks_at(self._plan_id, [group.positions[0] for group in stopped])
        reasons = [(group, task) for group, task in zip(stopped, tasks, strict=True) if task.waits_because]
        if not reasons:
            return ""
        (group, task), *rest = reasons
        wait = "1 waits" if group.count == 1 else f"{group.count:,} wait"
        wait += " to go back" if group.words[1] else ""
        more = f" (and {sum(other.count for other, _ in rest):,} for others)" if rest else ""
        look = typed("explain", "--plan", self._plan_id)
        return f"{wait}, such as {task.tenant_id}: {task.waits_because}{more}; {look}"


def _stands_still(record: Record) -> int:
    """A number that changes with how many wait, more than 1, of a plan that runs though nothing of it moves; else 0."""
    is_on = record.get("status") == PlanState.RUNNING and "1" not in (record.get("pauseRequested"), record.get("paced"))
    moves = sum(int(record.get(f"n:{state}", 0)) for state in TASK_ACTIVE)
    waits = int(record.get(f"n:{TaskState.PENDING}", 0))
    return 1 + waits if is_on and waits and not moves else 0


class StatusInFull(StatusReader):
    """As who asks for one plan is told: its head says besides what keeps tasks from going back."""

    def _summary(self, plan_id: str, record: Record) -> PlanSummary:
        summary = super()._summary(plan_id, record)
        words = "" if summary.status == DAMAGED else BackWaits(self._reader, plan_id).words(record)
        return summary.model_copy(update={"waits_because": words}) if words else summary
