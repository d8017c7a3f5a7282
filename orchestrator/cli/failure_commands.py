"""`accept`, `skip-stage` and `exclude`: what a person answers to failures, and to tenants that are not to move."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.operation_commands import ActorOption, RequestIdOption
from orchestrator.cli.output import JsonOption, print_answer
from orchestrator.cli.targets import PlanOption, TaskOption, TenantOption, one_given
from orchestrator.control.mistakes import told_by

if TYPE_CHECKING:
    from orchestrator.control.answers import OperationResult

FailureWhyOption = Annotated[str, typer.Option("--reason", help="Why; in the event.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(accept)
    app.command("skip-stage")(skip_stage)
    app.command()(exclude)


def accept(
    reason: FailureWhyOption,
    plan: PlanOption = None,
    tenant: TenantOption = None,
    task: TaskOption = None,
    cause: Annotated[
        str | None,
        typer.Option(
            "--cause", help="With --plan: what failed with this type of failure, such as 'Health*'.", show_default=False
        ),
    ] = None,
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Let failures not count any more: not for a breaker, not for the end of their plan."""
    from orchestrator import Client

    given = {"plan_id": plan, "tenant_id": tenant, "task_id": task}
    target = {name: value for name, value in given.items() if value is not None}
    with Client() as client:
        result = client.accept(reason=reason, cause=cause, actor=actor, request_id=request_id, **target)
    _tell("accept", result, json_output)


def skip_stage(
    reason: FailureWhyOption,
    task_id: Annotated[str | None, typer.Argument(metavar="TASK", help="The task.", show_default=False)] = None,
    task: TaskOption = None,
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Let a failed task go on behind the stage that failed; it is recorded as skipped."""
    from orchestrator import Client
    from orchestrator.control.target import order_of

    wanted = one_given(task_id, task, "--task", partial(order_of, actor, reason, request_id, needs_reason=True))
    with Client() as client:
        result = client.skip_stage(wanted, reason=reason, actor=actor, request_id=request_id)
    _tell("skip-stage", result, json_output)


def exclude(
    plan: Annotated[str, typer.Option("--plan", metavar="ID", help="The plan.", show_default=False)],
    tenant: Annotated[
        str, typer.Option("--tenant", help="A tenant, or those like a pattern ('eu-*').", show_default=False)
    ],
    reason: FailureWhyOption,
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Take waiting tenants out of a plan: they are CANCELLED, and no failures. What has begun stays."""
    from orchestrator import Client

    with Client() as client, told_by({"tenants": "--tenant", "plan_id": "--plan"}):
        result = client.exclude(plan, tenant, reason=reason, actor=actor, request_id=request_id)
    _tell("exclude", result, json_output)


def _tell(word: str, result: OperationResult, json_output: bool) -> None:
    refused = f"{word} of {result.target_type} {result.target_id}: {result.message}"
    print_answer(
        result,
        f"{result.target_type} {result.target_id} is {result.status}: {result.message}",
        refused,
        json_output=json_output,
    )
