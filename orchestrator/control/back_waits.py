"""What tasks of a plan wait for that are to go back (a freeze that stops rollbacks, a place of a group), and why not
all went back of one that has ended so."""

from __future__ import annotations

import contextlib
import time
from typing import Final

from orchestrator.control.answers import PlanSummary
from orchestrator.control.damage import DAMAGED, UNREADABLE
from orchestrator.control.left_behind import left_behind
from orchestrator.control.status import StatusReader
from orchestrator.domain.status import PlanState
from orchestrator.domain.task_id import tasks_in
from orchestrator.domain.typed import typed
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

    def words(self, record: Record) -> str:
        """``2 wait to go back, such as acme: frozen until ...``, and where all is told; "" when nobody waits so. Of a
        plan that ended ROLLBACK_FAILED why. Asks the ledger now and then, and only in these cases."""
        asked = -1 if record.get("status") == PlanState.ROLLBACK_FAILED else 0
        with contextlib.suppress(*UNREADABLE):
            asked = int(record.get("n:rollbackRequested", 0)) or asked
        if asked != self._asked or time.monotonic() >= self._until:
            self._told = self._look(tasks_in(record), has_ended=asked < 0) if asked else ""
            self._until, self._asked = time.monotonic() + LOOK_SECONDS, asked
        return self._told

    def _look(self, total: int, *, has_ended: bool) -> str:
        groups = self._reader.survey(self._plan_id, min(total, LOOKED_AT))
        if has_ended:
            return left_behind(self._plan_id, groups)
        stopped = [group for group in groups if group.kind in ("frozen", "group") and group.words[1]]
        tasks = StatusReader(self._reader).tasks_at(self._plan_id, [group.positions[0] for group in stopped])
        reasons = [(group.count, task) for group, task in zip(stopped, tasks, strict=True) if task.waits_because]
        if not reasons:
            return ""
        count, task = reasons[0]
        wait = "1 waits" if count == 1 else f"{count:,} wait"
        more = f" (and {sum(number for number, _ in reasons[1:]):,} for others)" if reasons[1:] else ""
        return (
            f"{wait} to go back, such as {task.tenant_id}: {task.waits_because}{more}; "
            f"{typed('explain', '--plan', self._plan_id)}"
        )


class StatusInFull(StatusReader):
    """As who asks for one plan is told: its head says besides what keeps tasks from going back."""

    def _summary(self, plan_id: str, record: Record) -> PlanSummary:
        summary = super()._summary(plan_id, record)
        words = "" if summary.status == DAMAGED else BackWaits(self._reader, plan_id).words(record)
        return summary.model_copy(update={"waits_because": words}) if words else summary
