"""Calls that block: until a plan or task has ended (or is paused), until there are more events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from orchestrator.control.damage import sound
from orchestrator.control.door import Tells
from orchestrator.control.target import Aside
from orchestrator.domain.events import Event
from orchestrator.domain.status import DAMAGED, PLAN_ENDED, TASK_ENDED, PlanState, TaskState
from orchestrator.domain.whole_numbers import require_whole

LOOK_SECONDS: Final = 0.2
"""How often a waiting call looks at the plan's record: one small read, whatever the plan's size."""

BLOCK_SECONDS: Final = 1.0
"""How long one blocking read waits for an event: also how soon a waiting call notices that it may stop."""


class EventLog(Protocol):
    """Where events come from: the ledger, or a console."""

    def events(self, plan_id: str | None, since: int) -> Iterator[Event]: ...


EventsAfter = Callable[[str | None, int], Iterator[Event]]
"""Blocks for what a plan, or all, tell after a sequence id; it may end at any time, and with nothing."""

ENDS: Final = frozenset(("PlanCompleted", "PlanFailed", "PlanCancelled", "PlanRolledBack", "PlanRollbackFailed"))
"""Events after which a plan may have ended."""


class LedgerLog(EventLog, Protocol):
    """One that can be waited at."""

    def wait_for_event(self, plan_id: str | None, since: int, block_seconds: float) -> bool: ...


def news_of(log: LedgerLog) -> EventsAfter:
    """Of a log that is read again: nothing by itself, but it blocks until there is something."""

    def news(plan_id: str | None, since: int) -> Iterator[Event]:
        log.wait_for_event(plan_id, since, BLOCK_SECONDS)
        return iter(())

    return news


class Waiting:
    """Waits by looking, again and again. Raises ``NotFound`` for what is not there."""

    def __init__(self, log: EventLog, tells: Tells, news: EventsAfter) -> None:
        self._log = log
        self._status = tells
        self._news = news

    def plan(
        self,
        plan_id: str,
        timeout_seconds: float | None = None,
        *,
        until_paused: bool = False,
        meanwhile: Aside = lambda: None,
    ) -> str:
        """Blocks until the plan has ended, and answers its state. ``meanwhile`` is called now and then. Raises
        ``TimeoutError`` when it has not by then."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while (summary := sound(self._status.summary(plan_id))).status not in PLAN_ENDED:
            if until_paused and summary.status == PlanState.PAUSED:
                break
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"plan {plan_id} is still {summary.status} after {timeout_seconds} s")
            meanwhile()
            # Looked at by the clock, not by the event: a busy plan writes hundreds a second.
            time.sleep(LOOK_SECONDS)
        return summary.status

    def task(self, task_id: str, *, until_paused: bool = False, meanwhile: Aside = lambda: None) -> str:
        """Blocks until the task has ended and nothing more is asked of it, and answers its state."""
        while (task := sound(self._status.task(task_id))).status not in TASK_ENDED or task.rollback_requested:
            if until_paused and task.status == TaskState.PAUSED:
                break
            meanwhile()
            time.sleep(LOOK_SECONDS)
        return task.status

    def events(self, plan_id: str | None, since: int, *, follow: bool) -> Iterator[Event]:
        """Events after ``since`` in order; with ``follow`` for ever, or until the plan has ended."""
        require_whole("since", since)
        if plan_id is not None:
            self._status.summary(plan_id)
        while True:
            # Read before the log: an event written between the two is then still delivered.
            ended = plan_id is not None and self._status.summary(plan_id).status in (*PLAN_ENDED, DAMAGED)
            for event in self._log.events(plan_id, since):
                since = event.sequence_id
                yield event
            if not follow or ended:
                return
            for event in self._news(plan_id, since):
                since = event.sequence_id
                yield event
                if plan_id is not None and event.type in ENDS:
                    break
