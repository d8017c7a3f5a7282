"""`up`, `coordinator`, `worker`, `flower`: the commands that stay in the foreground until they are stopped."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import typer

from orchestrator.cli.up import up

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command()(coordinator)
    app.command(context_settings=_PASS_ON)(worker)
    app.command(context_settings=_PASS_ON)(flower)


def coordinator(
    metrics_port: Annotated[int | None, typer.Option(help="Serve Prometheus metrics on this port.")] = None,
    metrics_address: Annotated[str, typer.Option(help="The address that they are served on.")] = "127.0.0.1",
) -> None:
    """Run a coordinator; any number may run at once."""
    from orchestrator.coordinator.process import run_coordinator
    from orchestrator.observability.metrics import MetricsEndpoint

    run_coordinator(None if metrics_port is None else MetricsEndpoint(metrics_port, metrics_address))


def worker(context: typer.Context) -> None:
    """Run a worker: it takes stages from the broker and runs them; any number may run at once, on any hosts.

    It is a Celery worker on Changeover's application and takes all of Celery's options, the lanes as queues unless -Q
    names some. Those that matter here:

    \b
      --pool threads|prefork|gevent|solo
      --concurrency N            stages that run at a time
      -n, --hostname NAME@%h     its name, where several run on a host
      -Q, --queues LANE[,LANE]   only these lanes
      -E                         task events, for Flower
      --loglevel LEVEL           how much it logs
      --metrics-port PORT        ours: serve Prometheus metrics
      --metrics-address ADDRESS  ours: where; else on 127.0.0.1

    Celery's manual on `celery worker` has the rest. Give it at least 40 seconds to stop.
    """
    _celery(["worker", *context.args])


def flower(context: typer.Context) -> None:
    """Run Flower, the web page on Celery's workers, on the same broker; its rows show tenant and stage.

    It only looks. It takes all of Flower's options. Those that matter here:

    \b
      --port=PORT                where it listens; else on 5555
      --address=ADDRESS          else 127.0.0.1; others want a password
      --basic-auth=USER:SECRET   that password; better FLOWER_BASIC_AUTH or
                                 the setting flower.basic_auth, which others
                                 do not see while it is being typed in
      --persistent=True          keep what it has seen over a restart
      --max-tasks=N              how many tasks it keeps

    Start workers with -E, so that it sees their tasks. Flower's manual has the rest.
    """
    import os

    from orchestrator.cli.flower_options import guard_flower
    from orchestrator.settings.model import load_settings

    # An empty one is none; Flower, which knows its variables in any case, would let in whoever sends an empty password.
    for name in [name for name, value in os.environ.items() if name.upper() == "FLOWER_BASIC_AUTH" and not value]:
        os.environ.pop(name)
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
    settings = load_settings()
    servers = find_servers(settings)
    environment = os.environ | variables
    if settings.redis_url is None:
        # Those of `up`, which may change while it starts. What the settings name it finds again, and says where.
        environment |= {"CHANGEOVER_REDIS_URL": servers.redis_url, "CHANGEOVER_BROKER_URL": servers.broker_url}
    # -P: the current folder is not a place to import from.
    os.execve(sys.executable, [sys.executable, "-P", "-m", "workers", *arguments], environment)  # noqa: S606
