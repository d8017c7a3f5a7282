"""The queue of one worker alone, consumed beside its lanes: test messages, and turns that another could not run.

It is a list in Redis that exists while a message is in it, and is bound to no exchange.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from kombu.entity import Exchange, Queue

from orchestrator.broker.messages import own_queue
from orchestrator.settings.amqp_url import is_amqp


def entity_of(queue: str, **declared: Any) -> Any:
    """The queue of this name for Celery; ``declared``: how, as ``kombu.Queue`` takes it; not at all if not given."""
    how = declared or {"no_declare": True}
    return Queue(queue, Exchange(""), routing_key=queue, **how)  # type: ignore[no-untyped-call]


def consume_own_queue(worker: Any) -> None:
    """Lets the worker consume its own queue, whatever lanes it was given."""
    name = own_queue(socket.gethostname(), os.getpid())
    queues = worker.app.amqp.queues
    # In RabbitMQ a queue that is consumed has to be there; this one is the connection's own and goes with it.
    how = {"exclusive": True, "durable": False} if is_amqp(worker.app.conf.broker_url) else {}
    queue = queues.select_add(entity_of(name, **how))
    # Celery gives every queue an exchange, whose list of bindings would keep the names of all workers there ever were.
    queue.exchange = Exchange("")  # type: ignore[no-untyped-call]
