"""`console`: the HTTP API and the page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("console")(serve_console)


def serve_console(
    host: Annotated[str | None, typer.Option(help="The address that it listens on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Its port.", show_default="8420")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="File of its certificate (PEM).", show_default=False)] = None,
    tls_key: Annotated[Path | None, typer.Option(help="File of the certificate's key.", show_default=False)] = None,
) -> None:
    """Serve the HTTP API and the page for people; any number may run at once.

    Options go before the settings console.host, console.port and so on.
    """
    from orchestrator.console.process import run_console
    from orchestrator.settings.model import load_settings, with_console

    given: dict[str, Any] = {"host": host, "port": port, "tls_cert": tls_cert, "tls_key": tls_key}
    run_console(with_console(load_settings(), {name: value for name, value in given.items() if value is not None}))
