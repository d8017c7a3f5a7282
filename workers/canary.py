"""Test messages of ``changeover doctor``: each worker also consumes a queue of its own, into which nothing else is put.

A message that comes out of it proves that this worker's consumer takes messages from that broker, at this moment. It is
answered where messages are received, before any slot; which was the last is told with the worker's presence, so nothing
is left behind. The queue is a list in Redis that exists while a message is in it, and is bound to no exchange.
"""

from __future__ import annotations

import os
import socket
from typing import Any, Final

import structlog
from kombu.entity import Exchange, Queue

from orchestrator.broker.messages import CANARY_HEADER, own_queue
from orchestrator.settings.amqp_url import is_amqp

LONGEST: Final = 100

_log = structlog.get_logger(__name__)


class Canary:
    """The last test message that this process took."""

    def __init__(self) -> None:
        self.last = ""

    def takes(self, message: Any, ack: Any, errors: tuple[type[Exception], ...]) -> bool:
        """Answers the message if it is one; it is acknowledged then, and means nothing else."""
        nonce = message.headers.get(CANARY_HEADER)
        if nonce is None:
            return False
        self.last = str(nonce)[:LONGEST]
        ack(_log, errors)
        return True


CANARY = Canary()
"""Of this process: a worker has one consumer."""


def consume_own_queue(worker: Any) -> None:
    """Lets the worker consume its own queue, whatever lanes it was given."""
    name = own_queue(socket.gethostname(), os.getpid())
    queues = worker.app.amqp.queues
    no_exchange: Any = Exchange("")  # type: ignore[no-untyped-call]
    # In RabbitMQ a queue that is consumed has to be there; this one is the connection's own and goes with it.
    how = {"exclusive": True, "durable": False} if is_amqp(worker.app.conf.broker_url) else {"no_declare": True}
    queue = queues.select_add(Queue(name, no_exchange, routing_key=name, **how))  # type: ignore[no-untyped-call]
    # Celery gives every queue an exchange, whose list of bindings would keep the names of all workers there ever were.
    queue.exchange = no_exchange
