"""Tables for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator.cli.output import cell
from orchestrator.control.answers import DeployUnit, LastOperation, PlanStatus, PlanSummary, TaskStatus
from orchestrator.control.task_rows import BY_INTEREST
from orchestrator.domain.printable import printable
from orchestrator.domain.status import TaskState

# By their names: a plan's states have the same ones.
_COLOURS: Final[dict[str, str]] = {
    TaskState.COMPLETED: "green",
    TaskState.ROLLED_BACK: "green",
    TaskState.RUNNING: "cyan",
    TaskState.ROLLING_BACK: "cyan",
    TaskState.FAILED: "red",
    TaskState.ROLLBACK_FAILED: "red",
    TaskState.PAUSED: "yellow",
    TaskState.CANCELLED: "yellow",
}
_ORDER: Final[tuple[str, ...]] = tuple(state.value for group in BY_INTEREST for state in group)


def plan_table(
    plan: PlanStatus, statuses: Collection[str] | None = None, *, page: int = 1, before: int = 0
) -> RenderableType:
    """A plan: its head, counts, the page of tasks that it holds, and how to see those that it does not.

    ``statuses`` and ``page`` say what the tasks are a page of, and ``before`` how many are on the pages before it.
    """
    parts: list[RenderableType] = [
        Text.assemble(
            (printable(plan.plan_id), "bold"),
            printable(f"  {plan.name}  "),
            plan_status_text(plan),
        ),
        counts_text(plan.counts),
    ]
    if plan.last_operation is not None:
        parts.append(cell(f"last: {operation_words(plan.last_operation)}", "dim"))
    if plan.tasks:
        parts.append(task_table(plan.tasks))
    matching = sum(count for status, count in plan.counts.items() if statuses is None or status in statuses)
    if matching > len(plan.tasks):
        shown = f"{before + 1} to {before + len(plan.tasks)}" if plan.tasks else "none"
        more = f"; more: --page {page + 1}" if matching > before + len(plan.tasks) else ""
        parts.append(Text(f"{shown} of {matching} tasks{more}; only some: --failed, --running, --waiting", style="dim"))
    return Group(*parts)


def task_table(tasks: Sequence[TaskStatus]) -> Table:
    """One row a task."""
    table = Table("tenant", "status", "stages", "now", "took", box=None, pad_edge=False, header_style="dim")
    for task in tasks:
        table.add_row(
            cell(task.tenant_id),
            status_text(task.status, task.pause_requested and task.status == TaskState.RUNNING),
            f"{task.completed_stages}/{task.total_stages}",
            cell(_now(task)),
            "" if task.duration_millis is None else f"{task.duration_millis / 1000:.1f} s",
        )
    return table


def task_detail(task: TaskStatus) -> Table:
    """Everything about one task, one line a field."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in task.model_dump(
        mode="json", exclude_none=True, exclude={"failure_info", "last_operation", "current", "last_known_good"}
    ).items():
        table.add_row(Text(name.replace("_", " "), style="dim"), cell(str(value)))
    for name, unit in (("tenant is at", task.current), ("last known good", task.last_known_good)):
        if unit is not None:
            table.add_row(Text(name, style="dim"), cell(unit_words(unit)))
    if task.last_operation is not None:
        table.add_row(Text("last operation", style="dim"), cell(operation_words(task.last_operation)))
    if task.failure_info is not None:
        table.add_row(Text("failure", style="dim"), cell(_now(task), "red"))
    return table


def unit_words(unit: DeployUnit) -> str:
    """``version 42 on unit 100 (green)``, of what is known."""
    name = "" if unit.deploy_unit_name is None else f" ({unit.deploy_unit_name})"
    return f"version {unit.deploy_unit_version} on unit {unit.deploy_unit_id}{name}"


def operation_words(last: LastOperation) -> str:
    """``pause by ada@ops at 2026-11-24T09:29:36Z (error rate is up)``."""
    return f"{last.operation} by {last.actor} at {last.at}" + (f" ({last.reason})" if last.reason else "")


def plans_table(plans: Sequence[PlanSummary]) -> Table:
    """One row a plan."""
    table = Table("plan", "name", "status", "tasks", box=None, pad_edge=False, header_style="dim")
    for plan in plans:
        counts = counts_text(plan.counts)
        table.add_row(
            cell(plan.plan_id),
            cell(plan.name),
            plan_status_text(plan),
            counts,
        )
    return table


def counts_text(counts: Mapping[str, int]) -> Text:
    """``12 COMPLETED · 3 RUNNING``."""
    known = [name for name in _ORDER if counts.get(name)]
    names = known + [name for name in counts if counts[name] and name not in known]
    return Text(" · ").join(Text(f"{counts[name]} {name}", style=_COLOURS.get(name, "")) for name in names)


def plan_status_text(plan: PlanStatus | PlanSummary) -> Text:
    """A plan's status, with what is under way that is not there yet."""
    text = status_text(plan.status, plan.pausing, plan.cancelling, plan.counts.get(TaskState.RUNNING, 0))
    under_way = [word for word, is_so in (("resuming", plan.resuming), ("retrying", plan.retrying)) if is_so]
    return text.append(f" ({', '.join(under_way)})") if under_way else text


def status_text(status: str, pausing: bool = False, cancelling: bool = False, running: int = 0) -> Text:
    """The status in its colour; a pause or cancel that is not there yet is said, with how many stages still run."""
    word = "cancelling" if cancelling else "pausing" if pausing else ""
    still = f", {running} still running" if running else ""
    return Text(f"{status} ({word}{still})" if word else status, style=_COLOURS.get(status, ""))


def _now(task: TaskStatus) -> str:
    failure = task.failure_info
    if failure is not None:
        where = " / ".join(name for name in (failure.stage_name, failure.step_name) if name)
        return f"{where}: {failure.type}: {failure.message}" if where else f"{failure.type}: {failure.message}"
    return task.waiting_for or task.current_stage or ""
