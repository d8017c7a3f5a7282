"""Sends the spans of plans and tasks when they have ended, as the log tells it; workers send those of turns and steps.

Every coordinator follows the feed; the one whose name is the first of those alive sends. When that one leaves another
takes over, and a span may be sent twice around that moment (it is the same span). When it is killed, it counts as alive
for ``ALIVE_SECONDS`` more, and what ends until then is sent by nobody. Traces are no truth.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog
from redis.exceptions import ResponseError

from orchestrator.background.loop import BackgroundLoop
from orchestrator.domain.events import Event, OtherEvent, TaskEvent
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import is_damage
from orchestrator.observability.tracing import MOVE, ROLLBACK, Tracing, attributes, end_span

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

EVERY_SECONDS: Final = 1.0
KEPT: Final = 200_000
"""Beginnings remembered; a task that began before all of them is as long as its last second."""

_log = structlog.get_logger(__name__)

_BEGIN: Final = {
    **dict.fromkeys(("PlanStarted", "TaskStarted", "TaskRetryStarted"), MOVE),
    **dict.fromkeys(("PlanRollingBack", "TaskRollingBack"), ROLLBACK),
}
_END: Final = {
    **dict.fromkeys(("PlanCompleted", "PlanFailed", "PlanCancelled"), MOVE),
    **dict.fromkeys(("PlanRolledBack", "PlanRollbackFailed"), ROLLBACK),
    **dict.fromkeys(("TaskCompleted", "TaskFailed", "TaskCancelled"), MOVE),
    **dict.fromkeys(("TaskRolledBack", "TaskRollbackFailed"), ROLLBACK),
}


class TraceFeed:
    """Started and stopped as ``background.loop`` says."""

    def __init__(self, reader: Reader, tracing: Tracing, name: str) -> None:
        """Follows the feed from its end on; ``name``: host and pid of this coordinator, as its presence tells them."""
        self._reader = reader
        self._tracing = tracing
        self._name = name
        self._is_told = False
        self._since = self._end()
        self._began: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._sent: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._loop = BackgroundLoop("trace-feed", EVERY_SECONDS, self.look, closing=self.look)

    def start(self) -> None:
        """Looks every second."""
        self._loop.start()

    def stop(self) -> None:
        """Looks once more, then no more."""
        self._loop.stop()

    def look(self) -> None:
        """Takes what has come since the last look."""
        end = self._end()
        if end is None:
            return
        # Begun at a damaged feed; or a hand's entry was the last, and has been taken out.
        self._since = end if self._since is None else min(self._since, end)
        try:
            names = [process.name for process in self._reader.alive() if process.role == "coordinator"]
            sends = not names or min(names) == self._name
            for event in self._reader.events(None, self._since):
                self._take(event, sends=sends)
                self._since = event.sequence_id
        except UNREACHABLE:
            # What came meanwhile is still in the feed.
            return
        self._is_told = False

    def _end(self) -> int | None:
        """Number of the newest event; None while nobody can tell."""
        try:
            return self._reader.last_sequence_id(None)
        except UNREACHABLE:
            return None
        except ResponseError as error:
            if not is_damage(error):
                raise
            if not self._is_told:
                _log.warning("the feed is damaged; `changeover doctor` says how it is mended", action="traces-wait")
            self._is_told = True
            return None

    def _take(self, event: Event, *, sends: bool) -> None:
        if isinstance(event, OtherEvent):
            # A newer release's, or a hand's.
            return
        of_task = isinstance(event, TaskEvent)
        what = event.task_id if isinstance(event, TaskEvent) else event.plan_id
        if (mode := _BEGIN.get(event.type)) is not None:
            _remember(self._began, (what, mode), event.occurred_at)
            for plan_key in ((event.plan_id, MOVE), (event.plan_id, mode)):
                # Also one that had ended: under way again from its first task on, not from when that was asked for.
                if plan_key not in self._began:
                    _remember(self._began, plan_key, event.occurred_at)
        elif (mode := _END.get(event.type)) is not None:
            key = (what, mode if of_task else "")
            is_first = key not in self._sent
            _remember(self._sent, key, event.occurred_at)
            if sends and of_task:
                self._send_task(event, mode, is_first=is_first)
            elif sends:
                self._send_plan(event, mode, is_first=is_first)
            # Its end is also that of what was turned around under way: the next begins anew.
            for ended in (MOVE, ROLLBACK):
                self._began.pop((what, ended), None)

    def _send_task(self, event: Event, mode: str, *, is_first: bool) -> None:
        """Its first end is that of the span which those of its turns hang below; a retry's is one below it."""
        assert isinstance(event, TaskEvent)
        own = self._tracing.task_context(event.task_id, rolls_back=mode == ROLLBACK)
        name, began = f"{mode} {event.tenant_id}", self._began.get((event.task_id, mode))
        if is_first:
            self._send(name, event, began, self._tracing.plan_context(event.plan_id), own)
        else:
            self._send(name, event, began, own, None)

    def _send_plan(self, event: Event, mode: str, *, is_first: bool) -> None:
        """Its first end is the root's; a way back, or an end after a retry, is one below it."""
        own = self._tracing.plan_context(event.plan_id)
        if is_first:
            self._send(f"plan {event.plan_id}", event, self._began.get((event.plan_id, MOVE)), None, own)
        if mode == ROLLBACK or not is_first:
            self._send(f"{mode} plan {event.plan_id}", event, self._began.get((event.plan_id, mode)), own, None)

    def _send(
        self, name: str, event: Event, began: datetime | None, parent: SpanContext | None, own: SpanContext | None
    ) -> None:
        told = attributes(
            plan=event.plan_id,
            task=getattr(event, "task_id", None),
            tenant=getattr(event, "tenant_id", None),
            end=event.type,
        )
        start = _ns(began or event.occurred_at)
        with self._tracing.below(parent, own) as context:
            span = self._tracing.tracer.start_span(name, context, attributes=told, start_time=start)
        failure = getattr(event, "failure_info", None)
        reason = failure.message if failure is not None else event.type
        end_span(span, reason if event.type.endswith("Failed") else None, _ns(event.occurred_at))


def _remember(kept: OrderedDict[tuple[str, str], datetime], key: tuple[str, str], moment: datetime) -> None:
    kept[key] = moment
    kept.move_to_end(key)
    if len(kept) > KEPT:
        kept.popitem(last=False)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
