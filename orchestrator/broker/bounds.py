"""How long a broker may take to answer somebody who cannot wait; spelled as each of kombu's transports takes it."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.exceptions import OperationalError

from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.settings.amqp_url import is_amqp


def answer_within(app: Celery, seconds: float) -> None:
    """From here on connections of ``app`` give up after so long."""
    if is_amqp(app.conf.broker_url):
        bounds = {"connect_timeout": seconds, "read_timeout": seconds, "write_timeout": seconds}
        # Nobody answers heartbeats in between; a connection that was idle is tried, and made anew.
        app.conf.broker_heartbeat = 0
    else:
        bounds = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **bounds}


def broker_errors(app: Celery) -> tuple[type[Exception], ...]:
    """What is raised when the broker of ``app`` is away, or does not let us in."""
    # Nothing is connected for it: only the transport's own classes are asked for.
    connection: Any = app.connection_for_write()
    return (OperationalError, OSError, *UNREACHABLE, *connection.connection_errors, *connection.channel_errors)
