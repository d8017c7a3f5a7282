"""`console`: the HTTP API and the page."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("console")(serve_console)


def serve_console(
    host: Annotated[str, typer.Option(help="The address that it listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port.")] = 8420,
) -> None:
    """Serve the HTTP API and the page for people; any number may run at once."""
    from orchestrator.console.process import run_console

    run_console(host, port)
