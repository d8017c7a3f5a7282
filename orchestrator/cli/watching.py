"""`watch`: live progress in a terminal, a line an event when redirected.

The screen is made of one status and the events after it, so that a plan of 5,000 tenants is read once and not at
every step; its height does not depend on the number of tenants.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator.cli.event_lines import event_line
from orchestrator.cli.output import as_json, console, print_json, print_line
from orchestrator.cli.tables import counts_text, status_text
from orchestrator.domain.status import PLAN_ENDED, TASK_ACTIVE, TASK_ENDED, PlanState, TaskState

if TYPE_CHECKING:
    from orchestrator import Client

RUNNING_ROWS = 12
FAILURE_ROWS = 5

# The status that each event leaves behind; events that are not here change none.
PLAN_AFTER: dict[str, str] = {
    "PlanCreated": PlanState.CREATED,
    "PlanReady": PlanState.READY,
    "PlanStarted": PlanState.RUNNING,
    "PlanPaused": PlanState.PAUSED,
    "PlanResumed": PlanState.RUNNING,
    "PlanCompleted": PlanState.COMPLETED,
    "PlanFailed": PlanState.FAILED,
    "PlanCancelled": PlanState.CANCELLED,
    "PlanRollingBack": PlanState.ROLLING_BACK,
    "PlanRolledBack": PlanState.ROLLED_BACK,
    "PlanRollbackFailed": PlanState.ROLLBACK_FAILED,
}
TASK_AFTER: dict[str, str] = {
    "TaskCreated": TaskState.PENDING,
    "TaskStarted": TaskState.RUNNING,
    "TaskPaused": TaskState.PAUSED,
    "TaskResumed": TaskState.RUNNING,
    "TaskCompleted": TaskState.COMPLETED,
    "TaskFailed": TaskState.FAILED,
    "TaskCancelled": TaskState.CANCELLED,
    "TaskRetryStarted": TaskState.RUNNING,
    "TaskRollingBack": TaskState.ROLLING_BACK,
    "TaskRolledBack": TaskState.ROLLED_BACK,
    "TaskRollbackFailed": TaskState.ROLLBACK_FAILED,
}


class Screen:
    """What is known of a plan, folded from its events."""

    def __init__(self, plan_id: str, name: str = "") -> None:
        self.plan_id = plan_id
        self.name = name
        self.status = ""
        self._tasks: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._running: dict[str, tuple[str, str]] = {}
        self._failures: list[str] = []

    def take(self, event: Mapping[str, Any]) -> None:
        """Fold one event (camelCase JSON) in."""
        kind = str(event["type"])
        self.status = PLAN_AFTER.get(kind, self.status)
        task_id, tenant = event.get("taskId"), str(event.get("tenantId") or "")
        if task_id is None:
            return
        after = TASK_AFTER.get(kind)
        if after is not None:
            self._move(str(task_id), tenant, after)
        if task_id in self._running and event.get("stageName"):
            self._running[str(task_id)] = (tenant, str(event["stageName"]))
        if kind in ("TaskFailed", "TaskRollbackFailed"):
            info = event.get("failureInfo") or {}
            self._failures = [*self._failures, f"{tenant}: {info.get('message', kind)}"][-FAILURE_ROWS:]

    def _move(self, task_id: str, tenant: str, after: str) -> None:
        before = self._tasks.get(task_id)
        if before is not None:
            self._counts[before] -= 1
        self._tasks[task_id] = after
        self._counts[after] = self._counts.get(after, 0) + 1
        if after in TASK_ACTIVE:
            self._running.setdefault(task_id, (tenant, ""))
        else:
            self._running.pop(task_id, None)

    def render(self) -> RenderableType:
        """The screen, of bounded height."""
        total = max(len(self._tasks), 1)
        done = sum(self._counts.get(status, 0) for status in TASK_ENDED)
        rows = Table.grid(padding=(0, 2))
        for tenant, stage in list(self._running.values())[:RUNNING_ROWS]:
            rows.add_row(Text(tenant), Text(stage, style="cyan"))
        parts: list[RenderableType] = [
            Text.assemble((self.plan_id, "bold"), f"  {self.name}  ", status_text(self.status)),
            ProgressBar(total=total, completed=done, width=60),
            Text.assemble(f"{done} of {len(self._tasks)}  ", counts_text(self._counts)),
            rows,
        ]
        if (more := len(self._running) - RUNNING_ROWS) > 0:
            parts.append(Text(f"and {more} more running", style="dim"))
        parts.extend(Text(failure, style="red", no_wrap=True, overflow="ellipsis") for failure in self._failures)
        return Group(*parts)


def watch_plan(client: Client, plan_id: str, json_output: bool) -> str:
    """Show a plan until it has ended; returns its last status. Raises ``NotFound``."""
    # Asked first: an unknown plan must be an error, not an empty stream that is followed for ever.
    first = client.summary(plan_id)
    stream = (
        as_json(event) for event in client.events(plan_id=plan_id, since=0, follow=first.status not in PLAN_ENDED)
    )
    screen = Screen(plan_id, first.name)
    if json_output or not sys.stdout.isatty():
        # The stream ends with the plan; an end in its middle is one that a retry or a rollback has undone.
        for event in stream:
            print_json(event) if json_output else print_line(event_line(event))
    else:
        _show(screen, stream)
    return client.summary(plan_id).status


def _show(screen: Screen, stream: Iterable[Mapping[str, Any]]) -> None:
    # Drawn by its own clock, not by the event: 100,000 events must not cost 100,000 drawings.
    with Live(get_renderable=screen.render, console=console(), refresh_per_second=8):
        for event in stream:
            screen.take(event)
