"""Tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator.cli.drawing import cell, long_cell
from orchestrator.control.answers import (
    DamagedTask,
    DeployUnit,
    LastOperation,
    PlanStatus,
    PlanSummary,
    PurgedTenant,
    TaskStatus,
)
from orchestrator.control.asked import paused_words
from orchestrator.control.failure_causes import accepted_words
from orchestrator.control.fleet_status import (
    breach_sentence,
    breaches,
    by_breaker_words,
    gate_words,
    other_waits,
    tripped_words,
)
from orchestrator.control.task_rows import BY_INTEREST
from orchestrator.control.tenant_target import also_words
from orchestrator.control.tenants import unit_words
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.printable import printable
from orchestrator.domain.status import DAMAGED, TaskState
from orchestrator.domain.typed import typed

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
_BACK: Final = frozenset({TaskState.ROLLING_BACK, TaskState.ROLLED_BACK, TaskState.ROLLBACK_FAILED})
DAMAGED_SHOWN: Final = 10
_ORDER: Final[tuple[str, ...]] = tuple(state.value for group in BY_INTEREST for state in group)


def plan_table(
    plan: PlanStatus, *, page: int = 1, before: int = 0, wide: bool = False, damaged: Sequence[DamagedTask] = ()
) -> RenderableType:
    """A plan: its head, counts, the page of tasks that it holds, and how to see those that it does not.

    ``page`` says which page the tasks are, and ``before`` how many are on the pages before it.
    """
    parts: list[RenderableType] = [
        Text.assemble(
            (printable(plan.plan_id), "bold"),
            printable(f"  {plan.name}  "),
            plan_status_text(plan),
        ),
        counts_text(plan.counts),
    ]
    if plan.accepted_failures:
        parts.append(cell(accepted_words(plan.accepted_failures), "dim"))
    parts += [cell(line) for line in fleet_lines(plan)]
    if pause := pause_line(plan):
        parts.append(cell(pause, "yellow"))
    if plan.last_operation is not None:
        parts.append(cell(f"last: {operation_words(plan.last_operation)}", "dim"))
    parts += [cell(damage_words(one), "red") for one in damaged[:DAMAGED_SHOWN]]
    if rest := damaged[DAMAGED_SHOWN:]:
        parts.append(Text(f"and {len(rest)} more tasks are damaged: --json names them", style="red"))
    if plan.tasks:
        parts.append(task_table(plan.tasks, wide))
    everything = sum(plan.counts.values())
    if plan.matching > len(plan.tasks) or plan.matching < everything:
        shown = f"{before + 1} to {before + len(plan.tasks)}" if plan.tasks else "none"
        more = f"; more: --page {page + 1}" if plan.matching > before + len(plan.tasks) else ""
        hint = "only some: --failed, --running, --waiting, --tenant 'eu-*', --cause TYPE"
        past = _past_words(plan.matching, page, before) if plan.matching and not plan.tasks and before else ""
        parts.append(Text(past or f"{shown} of {plan.matching} tasks{more}; {hint}", style="dim"))
    return Group(*parts)


def _past_words(matching: int, page: int, before: int) -> str:
    """Of a page behind the last, with so many tasks on the pages before it; "" where tasks left it meanwhile."""
    last = -(-matching // (before // (page - 1)))
    return f"page {page} is past the last, --page {last}: there are {matching} tasks" if page > last else ""


def fleet_lines(plan: PlanStatus | PlanSummary) -> list[str]:
    """A line a wave, and one of the breaker; none for a plan that has neither."""
    lines = []
    if words := other_waits(plan):
        lines.append(words)
    for wave in plan.waves:
        tolerance = "" if wave.tolerance is None else f", tolerance {wave.tolerance}"
        ended = f"{wave.ended:,} of {wave.tenants:,} ended, {wave.failed} failed{by_breaker_words(wave)}"
        lines.append(f"wave {wave.name}  {wave.state.lower()}  {ended}{tolerance}")
    if words := gate_words(plan):
        lines.append(words)
    if plan.breaker is not None and plan.breaker.tolerance is not None:
        told = f"breaker  {plan.breaker.failed} failed, tolerance {plan.breaker.tolerance}, {plan.breaker.mode}"
        lines.append(told + tripped_words(plan))
    look = typed("explain", "--plan", plan.plan_id)
    lines += [f"{breach_sentence(*breach)}: {look}" for breach in breaches(plan)]
    return lines


def task_table(tasks: Sequence[TaskStatus], wide: bool = False) -> Table:
    """One row a task; ``wide``: with its id, times and retries, and nothing cut."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    names = ["tenant", "status", "stages", "took", *(["task", "retries", "started", "ended"] if wide else [])]
    for name in names:
        # Ids are whole: what is too long for a terminal takes a second line there.
        is_id = name in ("tenant", "task")
        table.add_column(name, no_wrap=not is_id, overflow="fold" if is_id else "ellipsis")
    table.add_column("now")
    for task in tasks:
        row: list[RenderableType] = [
            cell(task.tenant_id),
            status_text(task.status, task.pause_requested and task.status == TaskState.RUNNING),
            stage_words(task),
            "" if task.duration_millis is None else f"{task.duration_millis / 1000:.1f} s",
        ]
        if wide:
            row += [cell(task.task_id), str(task.retry_count), task.started_at or "", task.ended_at or ""]
        table.add_row(*row, cell(task_now(task)) if wide else long_cell(task_now(task)))
    return table


def damage_words(found: DamagedTask) -> str:
    """Which task, what is wrong with it, what can be done."""
    tenant = f" (tenant {found.tenant_id})" if found.tenant_id else ""
    return f"{DAMAGED}: task {found.task_id}{tenant}: {found.wrong}; {found.way_out}"


def stage_words(task: TaskStatus) -> str:
    """``2/3`` stages done; on the way back, of those that it had touched."""
    back = " back" if task.status in _BACK else ""
    return f"{task.completed_stages}/{task.total_stages}{back}"


def task_detail(task: TaskStatus) -> Table:
    """Everything about one task, one line a field."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in task.model_dump(
        mode="json",
        exclude_none=True,
        exclude={
            "failure_info",
            "went_back_for",
            "last_operation",
            "paused_by",
            "current",
            "last_known_good",
            "verdicts",
            "other_tasks",
        },
    ).items():
        table.add_row(Text(name.replace("_", " "), style="dim"), cell(str(value)))
    if task.other_tasks:
        table.add_row(Text("open too", style="dim"), cell(also_words(task.other_tasks), "yellow"))
    for instance, said in (task.verdicts or {}).items():
        table.add_row(cell(f"{instance} said", "dim"), cell(verdict_words(said)))
    _add_units(table, task.current, task.last_known_good)
    if task.last_operation is not None:
        table.add_row(Text("last operation", style="dim"), cell(operation_words(task.last_operation)))
    if task.paused_by is not None:
        table.add_row(Text("paused", style="dim"), cell(paused_words(task.paused_by).removeprefix(" ")))
    if task.failure_info is not None:
        table.add_row(Text("failure", style="dim"), cell(task_now(task), "red"))
    return table


def purged_tenant_detail(tenant: PurgedTenant) -> Table:
    """What is left of a tenant whose plans have been purged."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in (("tenant id", tenant.tenant_id), ("status", tenant.status), ("last mover", tenant.last_mover)):
        if text is not None:
            table.add_row(Text(name, style="dim"), cell(text))
    _add_units(table, tenant.current, tenant.last_known_good)
    return table


def _add_units(table: Table, current: DeployUnit | None, last_known_good: DeployUnit | None) -> None:
    for name, unit in (("tenant is at", current), ("last known good", last_known_good)):
        if unit is not None:
            table.add_row(Text(name, style="dim"), cell(unit_words(unit)))


def verdict_words(said: Sequence[str]) -> str:
    """``unreachable x 3, ok``: what an instance said at one attempt after the other."""
    runs = [(word, len(list(same))) for word, same in groupby(said)]
    return ", ".join(word if count == 1 else f"{word} x {count}" for word, count in runs)


def operation_words(last: LastOperation) -> str:
    """``pause by ada@ops at 2026-11-24T09:29:36Z (error rate is up)``."""
    return f"{last.operation} by {last.actor} at {last.at}" + (f" ({last.reason})" if last.reason else "")


def pause_line(plan: PlanSummary) -> str:
    """Who paused it and why, where the last operation does not tell: another has been asked for since, or it was a
    gate or a breaker."""
    by, last = plan.paused_by, plan.last_operation
    if by is None or (by.kind == "person" and last is not None and last.operation == "pause"):
        return ""
    return f"paused{paused_words(by)} at {by.at}"


def plans_table(plans: Sequence[PlanSummary]) -> Table:
    """One row a plan."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("plan", overflow="fold")
    for name in ("name", "status", "tasks"):
        table.add_column(name)
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
    return cell(f"{status} ({word}{still})" if word else status, _COLOURS.get(status, ""))


def task_now(task: TaskStatus) -> str:
    """The cause of a failure, who holds the tenant, or the stage."""
    if task.failure_info is not None:
        back = f"; went back for {failure_words(task.went_back_for)}" if task.went_back_for else ""
        return failure_words(task.failure_info) + back
    if task.went_back_for and not task.waiting_for:
        return f"went back for {failure_words(task.went_back_for)}"
    if task.waiting_for:
        return f"waits for {task.waiting_for}"
    return task.waits_because or task.current_stage or ""


def failure_words(failure: FailureInfo) -> str:
    """What first, then where and why: ``HealthCheckFailed at gateway / health-check: gw-2 says version 41``."""
    where = " / ".join(name for name in (failure.stage_name, failure.step_name) if name)
    return f"{failure.type}{f' at {where}' if where else ''}: {failure.message}"
