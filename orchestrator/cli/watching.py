"""`watch`: live progress in a terminal, a line an event when redirected.

The screen is made of one status and the events after it, so that a plan of 5,000 tenants is read once and not at
every step; its height does not depend on the number of tenants.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator.cli.event_lines import event_line
from orchestrator.cli.output import as_json, cell, console, print_json, print_line
from orchestrator.cli.tables import counts_text, status_text
from orchestrator.domain.events import Event, OperationRequested, TaskEvent, TaskFailed, TaskRollbackFailed
from orchestrator.domain.fold import LogFold
from orchestrator.domain.folded import FoldedPlan
from orchestrator.domain.printable import printable
from orchestrator.domain.status import PLAN_ENDED, TASK_ENDED, PlanState, TaskState

if TYPE_CHECKING:
    from orchestrator import Client

RUNNING_ROWS = 12
FAILURE_ROWS = 5
FAILED: Final = frozenset({TaskState.FAILED, TaskState.ROLLBACK_FAILED})


class Screen:
    """What is known of a plan, folded from its events."""

    def __init__(self, plan_id: str, name: str = "") -> None:
        self._fold = LogFold()
        self._plan = FoldedPlan(plan_id, name=name)
        self._failures: dict[str, str] = {}

    @property
    def status(self) -> str:
        return self._plan.state

    def take(self, event: Event) -> None:
        """Fold one event of the plan in."""
        self._fold.apply(event)
        self._plan = self._fold.plans.get(self._plan.plan_id, self._plan)
        if isinstance(event, TaskFailed | TaskRollbackFailed):
            # Said again last when it fails again.
            self._failures.pop(event.task_id, None)
            self._failures[event.task_id] = f"{event.tenant_id}: {event.failure_info.message}"
        elif isinstance(event, TaskEvent | OperationRequested) and event.task_id in self._failures:
            self._forget_failure(event.task_id)

    def _forget_failure(self, task_id: str) -> None:
        """Retried, or on its way back: that it failed is over."""
        if self._fold.tasks[task_id].state not in FAILED:
            del self._failures[task_id]

    def render(self) -> RenderableType:
        """The screen, of bounded height."""
        plan = self._plan
        # A log that began later does not tell how many there are.
        total = max(plan.total, len(plan.tasks))
        done = sum(plan.counts[state] for state in TASK_ENDED)
        rows = Table.grid(padding=(0, 2))
        for task in islice(plan.active.values(), RUNNING_ROWS):
            rows.add_row(cell(task.tenant_id), cell(task.stage, "cyan"))
        pausing = bool(plan.pause_asked) and plan.state is not PlanState.PAUSED
        cancelling = bool(plan.cancel_asked) and plan.state not in PLAN_ENDED
        running = plan.counts[TaskState.RUNNING]
        parts: list[RenderableType] = [
            Text.assemble(
                (printable(plan.plan_id), "bold"),
                printable(f"  {plan.name}  "),
                status_text(plan.state, pausing, cancelling, running),
            ),
            ProgressBar(total=max(total, 1), completed=done, width=60),
            Text.assemble(f"{done} of {total}  ", counts_text(plan.counts)),
            rows,
        ]
        if (more := len(plan.active) - RUNNING_ROWS) > 0:
            parts.append(Text(f"and {more} more running", style="dim"))
        for failure in list(self._failures.values())[-FAILURE_ROWS:]:
            parts.append(Text(printable(failure), style="red", no_wrap=True, overflow="ellipsis"))
        return Group(*parts)


def watch_plan(client: Client, plan_id: str, json_output: bool) -> str:
    """Show a plan until it has ended; returns its last status. Raises ``NotFound``."""
    # Asked first: an unknown plan must be an error, not an empty stream that is followed for ever.
    first = client.summary(plan_id)
    stream = client.events(plan_id=plan_id, since=0, follow=first.status not in PLAN_ENDED)
    screen = Screen(plan_id, first.name)
    if json_output or not sys.stdout.isatty():
        # The stream ends with the plan; an end in its middle is one that a retry or a rollback has undone.
        for event in stream:
            print_json(event) if json_output else print_line(event_line(as_json(event)))
    else:
        _show(screen, stream)
    return client.summary(plan_id).status


def _show(screen: Screen, stream: Iterable[Event]) -> None:
    # Drawn by its own clock, not by the event: 100,000 events must not cost 100,000 drawings.
    with Live(get_renderable=screen.render, console=console(), refresh_per_second=8):
        for event in stream:
            screen.take(event)
