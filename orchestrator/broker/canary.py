"""Puts a test message into each worker's own queue, takes back what was not taken; ``workers/canary.py`` answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from orchestrator.broker.app import make_app
from orchestrator.broker.bounds import answer_within, broker_errors
from orchestrator.broker.messages import CANARY_HEADER, GONE_AFTER_SECONDS, RUN_STAGE
from orchestrator.broker.refused import refused
from orchestrator.settings.amqp_url import is_amqp
from orchestrator.settings.model import Settings

_ANSWER_SECONDS: Final = 2.0


class CanarySender:
    """Works with the broker that the settings name. Raises ``Unreachable`` when it is not there."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_app(settings)
        answer_within(self._app, _ANSWER_SECONDS)
        # A message that cannot be taken back goes by itself; in Redis see `workers/transport.py`.
        self._expires_by_itself = is_amqp(self._app.conf.broker_url)
        self._queues: list[str] = []

    def send(self, queues: Iterable[str]) -> str:
        """One into each queue; answers the word that a worker tells when it has taken it."""
        nonce = uuid4().hex
        self._queues = list(queues)
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                for queue in self._queues:
                    # Names no task: a worker that does not know test messages drops it.
                    message = self._app.amqp.as_task_v2(uuid4().hex, RUN_STAGE, args=("canary", 0, 0, 0))
                    headers = {**message.headers, CANARY_HEADER: nonce}
                    more = {"expiration": GONE_AFTER_SECONDS} if self._expires_by_itself else {}
                    properties = {**message.properties, **more}
                    producer.publish(
                        message.body, exchange="", routing_key=queue, headers=headers, retry=False, **properties
                    )
        except broker_errors(self._app) as error:
            raise refused(self._app, error, asks=True) from error
        return nonce

    def close(self) -> None:
        """Takes back what is left, and gives back the connections; may be called twice."""
        if not self._expires_by_itself:
            self._take_back()
        self._queues = []
        self._app.close()

    def _take_back(self) -> None:
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                channel = producer.channel
                with channel.conn_or_acquire() as client:
                    for queue in self._queues:
                        client.delete(queue)  # kombu prefixes this one
        except broker_errors(self._app):
            pass
