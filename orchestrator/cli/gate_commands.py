"""`approve` and `reject`: what a person says to the gate behind a wave."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from orchestrator.cli.operation_commands import ActorOption, ReasonOption, RequestIdOption
from orchestrator.cli.output import JsonOption, print_answer
from orchestrator.cli.targets import PlanArgument, PlanOption, one_given

WaveOption = Annotated[
    str | None,
    typer.Option("--wave", help="Name of the wave whose gate is meant.", show_default="the one that waits"),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(approve)
    app.command()(reject)


def approve(
    plan_id: PlanArgument = None,
    plan: PlanOption = None,
    wave: WaveOption = None,
    reason: ReasonOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Let a plan go on behind a wave that waits for its gate, or whose gate was rejected."""
    _answer("approve", (plan_id, plan), wave, (reason, actor, request_id), json_output)


def reject(
    plan_id: PlanArgument = None,
    plan: PlanOption = None,
    wave: WaveOption = None,
    reason: ReasonOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Say no to the gate that a plan waits for: it is paused. `approve` lets it go on, `resume` asks again."""
    _answer("reject", (plan_id, plan), wave, (reason, actor, request_id), json_output)


def _answer(
    word: str,
    given: tuple[str | None, str | None],
    wave: str | None,
    asking: tuple[str, str | None, str | None],
    json_output: bool,
) -> None:
    from orchestrator import Client
    from orchestrator.control.order_gate import check_patterns
    from orchestrator.control.target import order_of

    reason, actor, request_id = asking
    checks = (partial(check_patterns, wave=wave), partial(order_of, actor, reason, request_id))
    plan_id = one_given(*given, "--plan", *checks)
    with Client() as client:
        say = client.approve if word == "approve" else client.reject
        result = say(plan_id, wave, reason=reason, actor=actor, request_id=request_id)
    refused = f"{word} of plan {plan_id}: {result.message}"
    print_answer(result, f"plan {plan_id} is {result.status}: {result.message}", refused, json_output=json_output)
