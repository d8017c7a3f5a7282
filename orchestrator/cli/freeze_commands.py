"""`freeze`, `unfreeze` and `freezes`: times in which some tenants are not moved."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, cast

import typer

from orchestrator.cli.durations import seconds_of
from orchestrator.cli.operation_commands import ActorOption, RequestIdOption
from orchestrator.cli.output import JsonOption, as_json, print_answer, print_json, print_line
from orchestrator.control.mistakes import Mistakes, told_by
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.moments import read_moment

_OPTIONS: Final = {
    "tenants": "--tenant",
    "label": "--label",
    "all_tenants": "--all",
    "since": "--from",
    "until": "--until",
    "for_seconds": "--for",
    "every": "--every",
}
"""Of the call's arguments."""
FreezeWhyOption = Annotated[str, typer.Option("--reason", help="Why; told to whoever waits, and in the event.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(freeze)
    app.command()(unfreeze)
    app.command()(freezes)


def freeze(
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="This tenant, or those of a pattern ('eu-*').", show_default=False)
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Tenants with this label (region=eu).", show_default=False)
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All tenants.")] = False,
    since: Annotated[str | None, typer.Option("--from", help="A time.", show_default="now")] = None,
    until: Annotated[str | None, typer.Option("--until", help="A time.", show_default=False)] = None,
    lasting: Annotated[str | None, typer.Option("--for", help="How long (90m, 2h, 3d).", show_default=False)] = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every", help="Only then ('Mon-Fri 08:00-18:00 Europe/Berlin'); needs no end.", show_default=False
        ),
    ] = None,
    rollbacks_too: Annotated[bool, typer.Option("--rollbacks-too", help="Also rollbacks, which pass else.")] = False,
    reason: FreezeWhyOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Admit no move of some tenants for a time; what runs ends its stages. Plans wait and go on by themselves."""
    from orchestrator import Client

    mistakes = Mistakes()
    # What cannot be read goes on as it stands: the call refuses it too, with all that is wrong beside it.
    begins, ends, seconds = cast(Any, since), cast(Any, until), cast(Any, lasting)
    with mistakes:
        begins = None if since is None else time_of(since, "--from")
    with mistakes:
        ends = None if until is None else time_of(until, "--until")
    with mistakes:
        seconds = None if lasting is None else seconds_of(lasting, "--for")
    with Client() as client, mistakes, told_by(_OPTIONS):
        found = client.freeze(
            tenants=tenant,
            label=label,
            all_tenants=everyone,
            since=begins,
            until=ends,
            for_seconds=seconds,
            every=every,
            rollbacks_too=rollbacks_too,
            reason=reason,
            actor=actor,
            request_id=request_id,
        )
    mistakes.tell()
    if json_output:
        print_json(found)
    else:
        print_line(f"{found.freeze_id}: {found.sentence}")


def unfreeze(
    freeze_id: Annotated[str, typer.Argument(metavar="FREEZE", help="The freeze's id.", show_default=False)],
    reason: FreezeWhyOption = "",
    actor: ActorOption = None,
    request_id: RequestIdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Lift a freeze, before or in its window; who waits for it goes on."""
    from orchestrator import Client

    with Client() as client:
        result = client.unfreeze(freeze_id, reason=reason, actor=actor, request_id=request_id)
    said = f"{freeze_id}: {result.message}"
    print_answer(result, said, said, json_output=json_output)


def freezes(
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="ID", help="Those that cover this tenant.", show_default=False)
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """List the freezes that are set and not over, and how many tasks wait for each."""
    from orchestrator import Client

    with Client() as client:
        found = client.freezes(tenant)
    if json_output:
        print_json([as_json(one) for one in found])
        return
    for one in found:
        waiting = f"; {one.waiting} tasks wait for its end" if one.waiting else ""
        print_line(f"{one.freeze_id}: {one.sentence}{waiting}")
        if one.every:
            print_line(f"  every {one.every}" + (f", until {one.until}" if one.until else ""))
    if not found:
        print_line("no freezes")


def time_of(text: str, option: str) -> datetime:
    """A time as people give it."""
    try:
        return read_moment(text)
    except ValueError as error:
        raise InvalidInput([Problem(option, text, str(error))]) from None
