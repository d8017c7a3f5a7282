"""`doctor`: looks the installation over."""

from __future__ import annotations

import typer

from orchestrator.cli.output import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(json_output: JsonOption = False) -> None:
    """Check servers, processes and plans. Exit code 1 when something is wrong, 4 when the ledger does not answer.

    With --json each check has a row: the name of its section in docs/runbooks.md.
    """
    from rich.text import Text

    from orchestrator import Client
    from orchestrator.cli.drawing import cell, show

    with Client() as client:
        diagnosis = client.doctor()
    if json_output:
        print_json(diagnosis)
    for check in () if json_output else diagnosis.checks:
        mark = ("ok    ", "green") if check.good else ("wrong ", "red")
        show(Text.assemble(mark, cell(f"{check.name}: {check.finding}")))
    if not diagnosis.healthy:
        raise typer.Exit(1)
