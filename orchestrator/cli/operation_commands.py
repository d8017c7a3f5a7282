"""`pause`, `resume`, `cancel`, `retry`, `rollback` and `explain`, each of a plan, a tenant or a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.output import JsonOption, note, print_answer, print_json, print_line
from orchestrator.cli.targets import (
    IdArgument,
    PlanOption,
    TargetOptions,
    TaskOption,
    TenantOption,
    needs_plan,
    target_given,
)
from orchestrator.control.mistakes import Mistakes, told_by
from orchestrator.domain.status import PLAN_ENDED_WELL, TaskState

if TYPE_CHECKING:
    from orchestrator.control.narrowed_retry import Narrowing
    from orchestrator.ledger.operations import Operation

ActorOption = Annotated[str | None, typer.Option("--actor", help="Who asks; in the event.", show_default="user@host")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; in the event.")]
RequestIdOption = Annotated[
    str | None,
    typer.Option(
        "--request-id", help="Of an earlier call: changes nothing, answers as it did.", show_default="a new one"
    ),
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait for the effect; exit code 1 when it ends badly.")]
OverrideOption = Annotated[
    str | None,
    typer.Option(
        "--override-freeze", metavar="REASON", help="Pass all freezes; why is in the event.", show_default=False
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Also when another task has moved the tenant since, or a lost checkpoint is back."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (pause, resume, cancel, retry, rollback, explain):
        app.command()(command)


def pause(
    target: IdArgument = None,
    plan: PlanOption = None,
    tenant: TenantOption = None,
    task: TaskOption = None,
    reason: ReasonOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    wait: WaitOption = False,
    json_output: JsonOption = False,
) -> None:
    """Stop between two stages: what runs finishes its stage, what waits does not start."""
    _operate("pause", (target, plan, tenant, task), reason, (actor, request_id), wait, json_output)


def resume(
    target: IdArgument = None,
    plan: PlanOption = None,
    tenant: TenantOption = None,
    task: TaskOption = None,
    accept_failures: Annotated[
        bool, typer.Option("--accept-failures", help="Of a plan whose breaker tripped: bear what has failed so far.")
    ] = False,
    reason: ReasonOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    wait: WaitOption = False,
    json_output: JsonOption = False,
) -> None:
    """Go on after a pause, from the checkpoint."""
    of = (target, plan, tenant, task)
    _operate("resume", of, reason, (actor, request_id), wait, json_output, accept_failures=accept_failures)


def cancel(
    target: IdArgument = None,
    plan: PlanOption = None,
    tenant: TenantOption = None,
    task: TaskOption = None,
    reason: ReasonOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    wait: WaitOption = False,
    json_output: JsonOption = False,
) -> None:
    """Give up: what waits at once, what runs when its stage ends. Withdraws a rollback that has not begun."""
    _operate("cancel", (target, plan, tenant, task), reason, (actor, request_id), wait, json_output)


def retry(
    target: IdArgument = None,
    plan: PlanOption = None,
    tenant: Annotated[
        str | None,
        typer.Option(
            "--tenant",
            help="The task that last moved this tenant; with --plan, its tenants of this id or pattern ('eu-*').",
            show_default=False,
        ),
    ] = None,
    task: TaskOption = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help="With --plan: what failed in this stage.", show_default=False)
    ] = None,
    cause: Annotated[
        str | None,
        typer.Option(
            "--cause", help="With --plan: what failed with this type of failure, such as 'Health*'.", show_default=False
        ),
    ] = None,
    cancelled: Annotated[
        bool, typer.Option("--cancelled", help="With --plan: what was cancelled with it, from the first stage on.")
    ] = False,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Run every stage again, not only those not done.")
    ] = False,
    force: ForceOption = False,
    override_freeze: OverrideOption = None,
    reason: ReasonOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    wait: WaitOption = False,
    json_output: JsonOption = False,
) -> None:
    """Run a failed task again from its checkpoint; of a plan, all that failed, or what is named."""
    from orchestrator.control.narrowed_retry import Narrowing

    narrowing = Narrowing(stage, cause, tenant if plan is not None or target is not None else None, cancelled)
    of = (target, plan, None if narrowing.tenants is not None else tenant, task)
    how = (from_scratch, force, narrowing, override_freeze)
    _operate("retry", of, reason, (actor, request_id), wait, json_output, *how)


def rollback(
    target: IdArgument = None,
    plan: PlanOption = None,
    tenant: TenantOption = None,
    task: TaskOption = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also through irreversible stages, or when another task has moved the tenant."),
    ] = False,
    reason: ReasonOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    wait: WaitOption = False,
    json_output: JsonOption = False,
) -> None:
    """Go back to the old config, stage by stage, verified; of a plan, everything that it touched."""
    _operate("rollback", (target, plan, tenant, task), reason, (actor, request_id), wait, json_output, False, force)


def explain(
    target: IdArgument = None,
    plan: PlanOption = None,
    tenant: TenantOption = None,
    task: TaskOption = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Look at every task of the plan for damage, also of more than 20,000.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Say in plain sentences why a plan or task is not moving, and what to type next.

    With --json each sentence has a situation: the name of its section in docs/runbooks.md.
    """
    from orchestrator import Client
    from orchestrator.control.target import plan_only

    mistakes = Mistakes()
    ids = {"plan_id": plan if target is None else target, "tenant_id": tenant, "task_id": task}
    with Client() as client:
        with mistakes:
            wanted = target_given(client, (target, plan, tenant, task))
            ids = {f"{wanted.type}_id": wanted.identifier}
        mistakes.found += plan_only("--whole", ids) if whole else []
        mistakes.tell()
        found = client.explain(whole=whole, **{f"{wanted.type}_id": wanted.identifier})
    if json_output:
        print_json(found)
    else:
        print_line(f"{found.target_type} {found.target_id} is {found.status}")
        for one in found.remarks:
            print_line(f"  - {one.sentence}")
            for command in one.commands:
                print_line(f"      {command}")


def _operate(
    word: str,
    given: TargetOptions,
    reason: str,
    asking: tuple[str | None, str | None],
    wait: bool,
    json_output: bool,
    from_scratch: bool = False,
    force: bool = False,
    narrowing: Narrowing | None = None,
    override_freeze: str | None = None,
    accept_failures: bool = False,
) -> None:
    from orchestrator import Client
    from orchestrator.cli.happened import tells_that_it_stands, what_happened
    from orchestrator.cli.standing import Standing
    from orchestrator.control.target import OperationTarget, order_of
    from orchestrator.control.tenant_target import acted_on_words, also_words
    from orchestrator.ledger.operations import Operation

    operation = Operation(word)
    actor, request_id = asking
    with Client() as client:
        how = {"from_scratch": from_scratch, "force": force, "accept_failures": accept_failures}
        mistakes = Mistakes()
        with mistakes, told_by({"tenants": "--tenant"}):
            if narrowing:
                narrowing.check()
        with mistakes:
            order = order_of(actor, reason, request_id, override_freeze=override_freeze, **how)
        with mistakes:
            target = target_given(client, given)
            if narrowing:
                needs_plan(target, narrowing)
        mistakes.tell()
        result = (
            client.retry_some(target.identifier, narrowing, order)
            if narrowing
            else client.operate(operation, target, order)
        )
        others = (
            client.tenant_status(target.identifier).other_tasks if target.type == "tenant" and result.accepted else []
        )
        refused = f"{operation} of {target.type} {target.identifier}: {result.message}"
        if wait and result.accepted:
            # The task that speaks for a tenant is another one as soon as this one lets go of it.
            acted_on = OperationTarget("task", result.task_id) if result.task_id else target
            with tells_that_it_stands(acted_on):
                status = (
                    client.wait_target(acted_on, until_paused=True)
                    if operation is Operation.PAUSE
                    else client.wait_target(acted_on, meanwhile=Standing(client, acted_on).tell)
                )
            said = what_happened(client, acted_on)
            if target.type == "tenant" and result.task_id:
                said = acted_on_words(result.task_id, said)
            result = result.model_copy(update={"status": status, "message": said})
    done = f"{target.type} {target.identifier} is {result.status}: {result.message}"
    print_answer(result, done, refused, json_output=json_output)
    if also := [one for one in others if one.task_id != result.task_id]:
        note(f"tenant {target.identifier} has more open tasks: {also_words(also)}")
    if wait and result.status not in _good_ends(operation):
        raise typer.Exit(1)


def _good_ends(operation: Operation) -> set[str]:
    """What a person who asked for this is glad to see: not a rollback that never came, nor one instead of the move."""
    glad: dict[str, set[str]] = {
        "rollback": {TaskState.ROLLED_BACK},
        "pause": {TaskState.PAUSED, TaskState.COMPLETED},
        "cancel": {TaskState.CANCELLED, *PLAN_ENDED_WELL},
    }
    return glad.get(operation, {TaskState.COMPLETED})
