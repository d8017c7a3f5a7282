"""`webhooks`: how each receiver of notifications does, what was given up, and how it goes on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from orchestrator.cli.operation_commands import ActorOption
from orchestrator.cli.output import JsonOption, as_json, print_json, print_line
from orchestrator.cli.targets import all_hold
from orchestrator.domain.errors import Problem

if TYPE_CHECKING:
    from orchestrator.client import Client
    from orchestrator.control.webhook_answers import WebhookStatus

ACTIONS: Final = ("list", "dead", "resend", "enable", "test")
PAGE: Final = 100


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(webhooks)


def webhooks(
    action: Annotated[
        str,
        typer.Argument(
            metavar="[ACTION]",
            help="list; dead, resend, enable, test: of one.",
            autocompletion=lambda incomplete: [one for one in ACTIONS if one.startswith(incomplete)],
        ),
    ] = "list",
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The webhook's.", show_default=False)] = None,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Of dead letters; all without.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why (resend, enable, test); kept in the log.")] = "",
    actor: ActorOption = None,
    json_output: JsonOption = False,
) -> None:
    """Look after receivers of notifications: list them, show what was given up (dead), send that again (resend), try
    one at once, also one that was switched off (enable), or send a test. test: exit code 1 when it was not taken."""
    from orchestrator import Client
    from orchestrator.control.target import order_of

    wrong = []
    if action not in ACTIONS:
        wrong.append(Problem("ACTION", action, f"expected one of {', '.join(ACTIONS)}"))
    elif (name is None) is not (action == "list"):
        wrong.append(Problem("NAME", name, "list takes no name" if name else f"{action} of which webhook?"))
    if ids and action != "resend":
        wrong.append(Problem("ID", ids[0], "only resend takes ids"))
    if wrong:
        all_hold(partial(order_of, actor, reason, None), wrong=wrong)
    with Client() as client:
        if name is None:
            _list(client.webhooks(), json_output)
        elif action == "dead":
            _dead(client, name, json_output)
        elif action == "test":
            _test(client, name, reason, actor, json_output)
        else:
            if action == "enable":
                answer = client.enable_webhook(name, reason=reason, actor=actor)
            else:
                answer = client.resend_letters(name, ids or (), reason=reason, actor=actor)
            print_json(answer) if json_output else print_line(f"{name}: {answer.message}")


def _list(found: list[WebhookStatus], json_output: bool) -> None:
    if json_output:
        print_json([as_json(one) for one in found])
        return
    for one in found:
        print_line(f"{one.name}: {one.health}; {one.finding}")
        where = one.host or "(a secret says where)"
        print_line(f"  {where}, {one.format}, plans {one.plans}: {', '.join(one.events)}")
        counts = f"{one.sent} sent, {one.failed} attempts failed, {one.dead_letters} dead letters, {one.behind} behind"
        print_line(f"  {counts}" + (f", last {one.last_sent_at}" if one.last_sent_at else ""))
    if not found:
        print_line("no webhooks: no coordinator has had any in its settings")


def _dead(client: Client, name: str, json_output: bool) -> None:
    first = 0
    while letters := client.dead_letters(name, first, PAGE):
        for one in letters:
            if json_output:
                print_json(one)
            else:
                print_line(f"{one.id}  {one.type}  {one.data.get('planId') or ''}  {one.attempts} attempts: {one.why}")
        first += len(letters)
    if not first and not json_output:
        print_line("no dead letters")


def _test(client: Client, name: str, reason: str, actor: str | None, json_output: bool) -> None:
    why = client.test_webhook(name, reason=reason, actor=actor)
    said = "it was taken" if why == "" else why or "nothing was heard of it: does a coordinator run that has it?"
    if json_output:
        print_json({"name": name, "taken": why == "", "message": said})
    else:
        print_line(f"{name}: {said}")
    if why != "":
        raise typer.Exit(1)
