"""The Celery application of the workers: ``celery -A workers.app worker`` and ``changeover worker`` both run this."""

from __future__ import annotations

import sys
from typing import Any

from celery import signals

from orchestrator.checkpoint_store import require_store
from orchestrator.dispatch import make_app
from orchestrator.domain.errors import ChangeoverError
from orchestrator.lanes import lane_names
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.logs import configure_logs
from orchestrator.presence import Presence
from orchestrator.settings import find_servers, load_settings
from workers.middleware import load_chain

app = make_app()

_presence: list[Presence] = []


@signals.setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    # Connected, so that Celery leaves logging to us.
    configure_logs(load_settings())


@signals.celeryd_init.connect
def _check_settings(**_: Any) -> None:
    # Celery swallows what a signal's receiver raises, but for an exit.
    try:
        settings = load_settings()
        require_store(settings)
        load_chain(settings)
    except ChangeoverError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"error: {line}\n")
        raise SystemExit(error.exit_code) from error


@signals.worker_ready.connect
def _announce(sender: Any = None, **_: Any) -> None:
    settings = load_settings()
    client = connect(find_servers(settings).redis_url, patient=True)
    queues = tuple(sorted(queue.name for queue in sender.task_consumer.queues))
    presence = Presence(client, Keys(settings.namespace), "worker", queues)
    presence.start()
    _presence.append(presence)


@signals.worker_shutting_down.connect
def _withdraw(**_: Any) -> None:
    while _presence:
        _presence.pop().stop()


def main(arguments: list[str]) -> None:
    """Runs ``worker`` or ``flower`` with these options; a worker consumes all lanes unless ``-Q`` names some."""
    # Loaded here, with all that it needs: Celery would load it with the current folder first on the path.
    import workers.tasks  # noqa: F401

    names_queues = any(option.startswith(("-Q", "--queues")) for option in arguments)
    if arguments[:1] == ["worker"] and not names_queues:
        arguments = [*arguments, "--queues", ",".join(lane_names(load_settings().lanes))]
    app.start(argv=arguments)
