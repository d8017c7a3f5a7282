"""`preview`: what a plan would change, tenant by tenant, and the digest that `submit --preview` takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from orchestrator.cli.output import JsonOption, print_json, print_line
from orchestrator.cli.plan_commands import (
    GivenPlan,
    PlanFileArgument,
    PlanFormat,
    PlanFormatOption,
    SkipIdenticalOption,
)

if TYPE_CHECKING:
    from orchestrator.control.preview_answers import PreviewEnd, TenantPreview

SHOWN: Final = 200
"""Characters of a value."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(preview)


def preview(
    plan: PlanFileArgument,
    against_plan: Annotated[
        str | None,
        typer.Option("--against-plan", help="Compare with this plan's configs.", show_default="the last known good"),
    ] = None,
    skip_identical: SkipIdenticalOption = False,
    format: PlanFormatOption = PlanFormat.PLAN,
    json_output: JsonOption = False,
) -> None:
    """Say what a plan would change, tenant by tenant, against what each is now; nothing is written."""
    from orchestrator import Client
    from orchestrator.control.preview_answers import TenantPreview

    with Client() as client, (given := GivenPlan(plan, format)).telling():
        source = given.source_of(client)
        for line in client.preview(source, against_plan=against_plan, skip_identical=skip_identical):
            if json_output:
                print_json(line)
            elif isinstance(line, TenantPreview):
                for text in tenant_lines(line):
                    print_line(text)
            else:
                for text in end_lines(line, str(plan), skip_identical, format):
                    print_line(text)


def tenant_lines(line: TenantPreview) -> Iterator[str]:
    """One tenant, for people."""
    marks = [f"#{line.position + 1}"]
    if line.wave is not None:
        marks.append(f"wave {line.wave}")
    if line.identical:
        marks.append("at the target already" + (", left out" if line.left_out else ""))
    yield f"{line.tenant_id}  ({', '.join(marks)})"
    if line.groups:
        yield f"  groups: {', '.join(line.groups)}"
    if line.under_way:
        yield f"  in the middle of its move by {line.under_way}"
    for conflict in line.conflicts:
        does = "holds it" if conflict.holds else "was submitted for it too"
        yield f"  plan {conflict.plan_id}, which is {conflict.status}, {does}"
    for freeze in line.freezes:
        yield f"  {freeze}"
    if line.skipped_stages:
        yield f"  stages that are not for it: {', '.join(line.skipped_stages)}"
    if line.changes is None:
        yield f"  nothing to compare with{f': it is not in {line.against}' if line.against else ''}"
        return
    if not line.changes:
        yield f"  the same config as {line.against}"
    for change in line.changes:
        yield f"  {change.path}: {_shown(change.old)} -> {_shown(change.new)}"


def end_lines(end: PreviewEnd, file: str, skip_identical: bool, format: PlanFormat = PlanFormat.PLAN) -> Iterator[str]:
    """What stands below all tenants."""
    from orchestrator.domain.typed import typed

    left_out = f", {end.left_out} left out" if end.left_out else ""
    noun = "tenant" if end.tenants == 1 else "tenants"
    yield f"{end.tenants} {noun}: {end.changed} change, {end.identical} at the target already{left_out}"
    if end.resolved:
        yield end.resolved
    yield from pace_lines(end)
    yield f"digest: {end.digest}"
    options = ["--skip-identical"] if skip_identical else []
    options += [] if format is PlanFormat.PLAN else ["--format", format.value]
    yield f"to submit exactly this: {typed('submit', file, *options, '--preview', end.digest)}"


def pace_lines(end: PreviewEnd) -> Iterator[str]:
    """When its moves start, and beside whom; nothing of a plan that says nothing of it."""
    if end.group_limits:
        limits = ", ".join(f"{name}: {most}" for name, most in sorted(end.group_limits.items()))
        yield f"at once at most, of a group: {limits}"
    if end.priority:
        yield f"priority {end.priority}"
    if end.starts_per_minute is not None:
        yield f"starts at most {end.starts_per_minute} tasks a minute"
    if end.not_before is not None:
        yield f"starts nothing before {end.not_before:%Y-%m-%d %H:%M:%S} UTC"
    if end.not_after is not None:
        yield f"is given up if it has not started by {end.not_after:%Y-%m-%d %H:%M:%S} UTC"


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
