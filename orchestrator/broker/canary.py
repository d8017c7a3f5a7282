"""Puts a test message into each worker's own queue, takes back what was not taken; ``workers/canary.py`` answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from celery.exceptions import OperationalError

from orchestrator.broker.app import make_app
from orchestrator.broker.messages import CANARY_HEADER, RUN_STAGE
from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.connection import UNREACHABLE

GONE_AFTER_SECONDS: Final = 60
"""A message that its sender could not take back goes by itself."""

_ANSWER_SECONDS: Final = 2.0


class CanarySender:
    """Works with the broker that this process' settings name. Raises ``Unreachable`` when it is not there."""

    def __init__(self) -> None:
        self._app = make_app()
        bounds = {"socket_timeout": _ANSWER_SECONDS, "socket_connect_timeout": _ANSWER_SECONDS}
        self._app.conf.broker_transport_options = {**self._app.conf.broker_transport_options, **bounds}
        self._queues: list[str] = []

    def send(self, queues: Iterable[str]) -> str:
        """One into each queue; answers the word that a worker tells when it has taken it."""
        nonce = uuid4().hex
        self._queues = list(queues)
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                channel = producer.channel
                for queue in self._queues:
                    # Names no task: a worker that does not know test messages drops it.
                    message = self._app.amqp.as_task_v2(uuid4().hex, RUN_STAGE, args=("canary", 0, 0, 0))
                    headers = {**message.headers, CANARY_HEADER: nonce}
                    producer.publish(
                        message.body, exchange="", routing_key=queue, headers=headers, retry=False, **message.properties
                    )
                    with channel.conn_or_acquire() as client:
                        client.pexpire(channel.global_keyprefix + queue, GONE_AFTER_SECONDS * 1000)
        except (OperationalError, *UNREACHABLE) as error:
            raise Unreachable(f"the broker does not answer ({error})") from error
        return nonce

    def close(self) -> None:
        """Takes back what is left, and gives back the connections; may be called twice."""
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                channel = producer.channel
                with channel.conn_or_acquire() as client:
                    for queue in self._queues:
                        client.delete(queue)  # kombu prefixes this one
        except (OperationalError, *UNREACHABLE):
            pass
        self._queues = []
        self._app.close()
