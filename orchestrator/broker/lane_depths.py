"""What the broker says of each lane: how many messages wait in it, and how many were ever published to it."""

from __future__ import annotations

from typing import Any, Protocol, cast

from celery import Celery
from redis.exceptions import RedisError, ResponseError

from orchestrator.broker.backlog import LaneDepth
from orchestrator.broker.bounds import broker_errors
from orchestrator.broker.lane_keys import counted
from orchestrator.broker.messages import PUSHED
from orchestrator.broker.refused import refused
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.refusals import is_damage
from orchestrator.settings.amqp_url import is_amqp
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers


class LaneDepths(Protocol):
    def read(self) -> list[LaneDepth]:
        """One a lane, in their order. Raises ``Unreachable`` when the broker cannot be reached, or does not let us; of
        a RabbitMQ also what the client of the ledger's Redis, which has the counts, raises when that is away."""
        ...


def lane_depths(app: Celery, settings: Settings) -> LaneDepths:
    """Asks the broker that ``app`` works with."""
    servers = find_servers(settings)
    if is_amqp(servers.broker_url):
        return _RabbitDepths(app, settings.lanes, servers.redis_url, Keys(settings.namespace).of("pushed"))
    return _RedisDepths(app, settings.lanes)


class _RedisDepths:
    """Both numbers stand side by side in the broker's Redis."""

    def __init__(self, app: Celery, lanes: int) -> None:
        self._app = app
        self._names = lane_names(lanes)

    def read(self) -> list[LaneDepth]:
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                channel = producer.channel
                with channel.conn_or_acquire() as client, client.pipeline(transaction=False) as pipeline:
                    # No transaction, which a full Redis would refuse, and the counts first: what comes in between only
                    # makes a lane look fuller than it is. kombu prefixes the keys of the commands that it knows,
                    # and this is not one of them.
                    pipeline.hgetall(channel.global_keyprefix + PUSHED)
                    for name in self._names:
                        pipeline.llen(name)
                    pushed, *waiting = pipeline.execute(raise_on_error=False)
        except broker_errors(self._app) as error:
            raise refused(self._app, error) from error
        for answer in (pushed, *waiting):
            if isinstance(answer, RedisError) and not is_damage(answer):
                raise Unreachable(f"the broker does not let us look ({answer})") from answer
        counts = counted(pushed)
        # A lane that is no list holds no message.
        lengths = [length if isinstance(length, int) else 0 for length in waiting]
        return [LaneDepth(counts.get(name, 0), length) for name, length in zip(self._names, lengths, strict=True)]


class _RabbitDepths:
    """RabbitMQ says how many wait; ``workers/amqp_transport.py`` counts in the ledger's Redis what was published."""

    def __init__(self, app: Celery, lanes: int, redis_url: str, key: str) -> None:
        self._app = app
        self._names = lane_names(lanes)
        self._client = connect(redis_url, patient=False)
        self._key = key

    def read(self) -> list[LaneDepth]:
        # Before the lengths: what comes in between only makes a lane look fuller than it is.
        counts = self._counts()
        # Anew each time: a pooled one that was idle for long has been closed by the server, and it is asked rarely.
        try:
            with cast(Any, self._app.connection_for_read()) as connection:
                channel = connection.default_channel
                # Declared as Celery does, which makes a lane that nobody has used yet; answered with its length.
                waiting = [
                    self._app.amqp.queues[name].bind(channel).queue_declare().message_count for name in self._names
                ]
        except broker_errors(self._app) as error:
            raise refused(self._app, error) from error
        return [LaneDepth(counts.get(name, 0), count) for name, count in zip(self._names, waiting, strict=True)]

    def _counts(self) -> dict[str, int]:
        try:
            return counted(self._client.hgetall(self._key))
        except ResponseError as error:
            if not is_damage(error):
                raise
            return {}
