"""`up`, `coordinator`, `worker`, `flower`: the commands that stay in the foreground until they are stopped."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import typer

from orchestrator.cli.up import up

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command()(coordinator)
    app.command(context_settings=_PASS_ON, add_help_option=False)(worker)
    app.command(context_settings=_PASS_ON, add_help_option=False)(flower)


def coordinator(
    metrics_port: Annotated[int | None, typer.Option(help="Serve Prometheus metrics on this port.")] = None,
    metrics_address: Annotated[str, typer.Option(help="The address that they are served on.")] = "127.0.0.1",
) -> None:
    """Run a coordinator; any number may run at once."""
    from orchestrator.coordinator.process import run_coordinator
    from orchestrator.observability.metrics import MetricsEndpoint

    run_coordinator(None if metrics_port is None else MetricsEndpoint(metrics_port, metrics_address))


def worker(context: typer.Context) -> None:
    """Run a worker; all options are Celery's (`changeover worker --help`)."""
    _celery(["worker", *context.args])


def flower(context: typer.Context) -> None:
    """Run Flower on the same broker, on loopback unless told otherwise; all options are Flower's.

    On any other address it wants a password: the setting flower.basic_auth, or FLOWER_BASIC_AUTH=user:password.
    """
    import os

    from orchestrator.cli.flower_options import guard_flower
    from orchestrator.settings.model import load_settings

    of_settings = load_settings().flower.basic_auth
    given = {} if of_settings is None else {"FLOWER_BASIC_AUTH": of_settings.get_secret_value()}
    arguments, variables = guard_flower(context.args, given | os.environ)
    _celery(["flower", *arguments], variables)


def _celery(arguments: list[str], variables: Mapping[str, str] = MappingProxyType({})) -> None:
    """Become Celery's command on our application, so that signals reach it and not a parent."""
    import os
    import sys

    from orchestrator.settings.model import load_settings
    from orchestrator.settings.servers import find_servers

    # Named before anything starts: a missing server is our message with exit code 4, not Celery's.
    servers = find_servers(load_settings())
    environment = os.environ | {
        "CHANGEOVER_REDIS_URL": servers.redis_url,
        "CHANGEOVER_BROKER_URL": servers.broker_url,
        **variables,
    }
    # -P: the current folder is not a place to import from.
    os.execve(sys.executable, [sys.executable, "-P", "-m", "workers", *arguments], environment)  # noqa: S606
