"""The parts of the screen: head, causes of failure, the list in sight, the keys; lines, so that their height is known.

A part that a plan does not have is empty; another one (waves, say) is a function more in ``screen.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator.cli.drawing import cell, long_cell
from orchestrator.cli.short_names import longest, short_names
from orchestrator.cli.tables import counts_text, operation_words, stage_words, status_text, task_now
from orchestrator.cli.watch.view import View
from orchestrator.control.answers import TaskStatus
from orchestrator.control.asked import paused_words
from orchestrator.control.failure_causes import CauseGroup, accepted_words
from orchestrator.control.fleet_status import (
    answer_command,
    breach_sentence,
    breaches,
    current_wave,
    other_waits,
    unanswered_wave,
    wave_sentence,
)
from orchestrator.control.live_plan import LiveView, TaskView, seconds_between
from orchestrator.domain.spans import span_text
from orchestrator.domain.status import PLAN_ENDED, PlanState, TaskState
from orchestrator.domain.typed import typed
from orchestrator.domain.waves import WaveState

NARROW: Final = 80
"""Below this a moving task takes two lines."""

WIDE: Final = 140
"""From here on rows say more."""

Lines = list[RenderableType]


def pair(left: Text, right: Text) -> Table:
    """One line: what may be cut at the left, what may not at the right."""
    left.no_wrap, left.overflow = True, "ellipsis"
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(left, right)
    return line


def head(live: LiveView, width: int) -> Lines:
    """Name and state, progress, pace, counts, what a person asked last."""
    plan = live.summary
    state = status_text(plan.status, plan.pausing, plan.cancelling, plan.counts.get(TaskState.RUNNING, 0))
    name = Text.assemble((cell(plan.plan_id).plain, "bold"), "  ", cell(plan.name))
    percent = f"{100 * live.done // max(live.total, 1)} %"
    far = f"{live.done:,} of {live.total:,}  {percent:>5}"
    bar = ProgressBar(total=max(live.total, 1), completed=live.done, width=max(10, width - len(far) - 2))
    progress = Table.grid(padding=(0, 1))
    progress.add_row(bar, Text(far))
    lines: Lines = [pair(name, state), progress, pair(Text(pace_words(live)), Text(slot_words(live)))]
    counts = counts_text(plan.counts)
    counts.no_wrap, counts.overflow = True, "ellipsis"
    lines.append(counts)
    if plan.accepted_failures:
        lines.append(long_cell(accepted_words(plan.accepted_failures), "dim"))
    lines += fleet(live)
    if words := other_waits(plan):
        lines.append(long_cell(words, "yellow"))
    if plan.status == PlanState.PAUSED:
        lines.append(long_cell(f"paused{paused_words(plan.paused_by)}{goes_on_with(live)}", "yellow"))
    if plan.status == PlanState.CANCELLED:
        lines.append(long_cell(f"what moves its tasks again: {typed('explain', '--plan', plan.plan_id)}", "dim"))
    if plan.last_operation is not None:
        lines.append(long_cell(f"last: {operation_words(plan.last_operation)}", "dim"))
    return lines


def goes_on_with(live: LiveView) -> str:
    """What to type for a plan that is paused: the resume that would be taken, else where all answers are told."""
    plan = live.summary
    if plan.paused_by is not None and plan.paused_by.kind == "gate":
        # It goes on with the approval, which the wave's line names.
        return ""
    resume = live.resume_now()
    if resume.refused:
        return f"; {typed('explain', '--plan', plan.plan_id)}"
    options = ("--" + name.replace("_", "-") for name in resume.options)
    return f"; {typed('resume', plan.plan_id, *options)}"


def fleet(live: LiveView) -> Lines:
    """The wave that the plan is at, and a breaker that has tripped, each with what to type."""
    plan = live.summary
    if plan.status in PLAN_ENDED:
        return []
    lines: Lines = []
    wave = current_wave(plan)
    if wave is not None:
        waits, behind = wave.state in (WaveState.GATED, WaveState.REJECTED), ""
        command = answer_command("approve", plan.plan_id, wave.name)
        if unanswered_wave(plan) is not None:
            waits, behind = True, "; what is behind it waits for an answer"
            command = typed("explain", "--plan", plan.plan_id)
        at = f"wave {plan.waves.index(wave) + 1} of {len(plan.waves)}: "
        lines.append(long_cell(at + wave_sentence(wave, plan.plan_id) + behind, "yellow" if waits else ""))
        if waits:
            # In a line of its own, which is whole in a terminal of the usual width.
            lines.append(long_cell(f"  {command}", "yellow"))
    for breach in breaches(plan):
        lines.append(long_cell(f"{breach_sentence(*breach)}; {typed('explain', '--plan', plan.plan_id)}", "red"))
    return lines


def pace_words(live: LiveView) -> str:
    """``12.5 a minute, about 4m left``; at its end how long it took."""
    took = span_text(live.seconds_run)
    if live.summary.status in PLAN_ENDED:
        return f"took {took}" if took else ""
    rate, left = live.pace.per_minute(live.now), span_text(live.seconds_left)
    words = [f"{rate:,.0f} a minute" if rate and rate >= 10 else f"{rate:.1f} a minute"] if rate else []
    words += [f"about {left} left"] if left else []
    words += [f"{took} so far"] if took else []
    return ", ".join(words) or "not started"


def slot_words(live: LiveView) -> str:
    """How many of the plan's slots are taken."""
    return f"{len(live.moving)} of {live.summary.max_concurrency} slots"


def causes(live: LiveView, width: int, rows: int) -> Lines:
    """Failures by cause, the most frequent first, the cause before the tenants: at most ``rows`` lines."""
    groups = list(live.causes)
    if not groups or rows < 2:
        return []
    lines: Lines = [Text("failures by cause", style="bold red")]
    fit = rows - 1 if len(groups) <= rows - 1 else rows - 2
    lines += [cause_line(group, width) for group in groups[:fit]]
    if len(groups) > fit:
        lines.append(Text(f"and {len(groups) - fit} more causes; f lists the tasks", style="dim"))
    return lines


def cause_line(group: CauseGroup, width: int) -> Table:
    """``HealthCheckFailed x 3  gateway / health-check: gw-2 says 41``, and of whom."""
    cause = group.cause
    place = " / ".join(name for name in (cause.stage, cause.step) if name)
    what = Text.assemble((cell(cause.type).plain, "red"), f" x {group.count}  ")
    what.append(cell(f"{place}: {group.message}" if place else group.message))
    sample = list(group.tenants.values())[-1 if width < WIDE else -5 :]
    more = group.count - len(sample)
    rest = f" and {more} more" if more else ""
    # A long name must not take the cause's place; what the cause leaves free is the names'.
    free = max(width // 3, width - what.cell_len - 2)
    room = (free - len(rest)) // len(sample) - len(", ") if sample else 0
    return pair(what, cell(", ".join(short_names(sample, room)) + rest, "dim"))


def moving_table(live: LiveView, views: Sequence[TaskView], width: int) -> Table:
    """What moves: stage, step, attempt, last answer, and since when."""
    if width < NARROW:
        return _moving_narrow(live, views, width)
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    tenants = short_names([view.task.tenant_id for view in views], max(16, width // 5))
    table.add_column("tenant", no_wrap=True, overflow="ellipsis", min_width=longest(tenants))
    table.add_column("stage", no_wrap=True, overflow="ellipsis", max_width=max(18, width // 5))
    table.add_column("step", no_wrap=True, overflow="ellipsis", max_width=max(12, width // 8))
    table.add_column("try", no_wrap=True, min_width=5)
    table.add_column("last answer", ratio=1, no_wrap=True, overflow="ellipsis")
    if width >= WIDE:
        table.add_column("task", no_wrap=True, overflow="ellipsis", max_width=width // 5)
    table.add_column("for", no_wrap=True, justify="right", min_width=7)
    for tenant_id, view in zip(tenants, views, strict=True):
        row: list[RenderableType] = [cell(tenant_id), _stage(view.task), cell(view.step), view.attempt]
        row.append(long_cell(view.answer))
        if width >= WIDE:
            row.append(cell(view.task.task_id, "dim"))
        table.add_row(*row, span_text(seconds_between(view.started, live.now)))
    return table


def _moving_narrow(live: LiveView, views: Sequence[TaskView], width: int) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, expand=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(no_wrap=True, justify="right")
    tenants = short_names([view.task.tenant_id for view in views], max(16, width // 2))
    for tenant_id, view in zip(tenants, views, strict=True):
        since = span_text(seconds_between(view.started, live.now))
        table.add_row(Text.assemble(cell(tenant_id), "  ", _stage(view.task)), since)
        step = " ".join(part for part in (view.step, view.attempt) if part)
        answer = long_cell("  " + (f"{step}: {view.answer}" if step and view.answer else step or view.answer), "dim")
        table.add_row(answer, "")
    return table


def task_list(tasks: Sequence[TaskStatus], width: int) -> Table:
    """Tasks of any state: which, where, why."""
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    tenants = short_names([task.tenant_id for task in tasks], max(16, width // 4))
    table.add_column("tenant", no_wrap=True, overflow="ellipsis", min_width=longest(tenants))
    table.add_column("status", no_wrap=True)
    table.add_column("stages", no_wrap=True)
    table.add_column("now", ratio=1, no_wrap=True, overflow="ellipsis")
    for tenant_id, task in zip(tenants, tasks, strict=True):
        table.add_row(cell(tenant_id), status_text(task.status), stage_words(task), long_cell(task_now(task)))
    return table


def _stage(task: TaskStatus) -> Text:
    back = "back: " if task.status == TaskState.ROLLING_BACK else ""
    number = min(task.completed_stages + 1, task.total_stages)
    return cell(f"{back}{number}/{task.total_stages} {task.current_stage or ''}", "cyan")


def footer(view: View, width: int) -> Text:
    """The keys, as many as fit."""
    if view.typing:
        return long_cell(f"filter: {view.filter}_   Enter keeps it, Esc drops it", "reverse")
    keys = ["q leave", "/ filter", "r running", "f failed", "w waiting", "a all", "arrows scroll", "? help"]
    line = ""
    for key in keys:
        if len(line) + len(key) + 2 <= width:
            line += key + "  "
    return Text(line.rstrip(), style="dim", no_wrap=True, overflow="ellipsis")


def help_lines() -> Lines:
    """What each key does."""
    keys = [
        ("r  f  w  a", "list what runs, what failed, what waits, or all"),
        ("/", "only tenants with this in their id; 'eu-*' those that begin so"),
        ("Esc", "drop that filter"),
        ("up down k j", "scroll a row"),
        ("PgUp PgDn b Space", "scroll a page"),
        ("Home End g G", "to the first, to the last row"),
        ("q  Ctrl-C", "leave; the plan goes on"),
    ]
    table = Table.grid(padding=(0, 2))
    for key, words in keys:
        table.add_row(Text(key, style="bold"), words)
    return [table, Text(""), Text("any key goes back", style="dim")]
