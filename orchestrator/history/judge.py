"""The checker over the ledger of some settings, as it is now: what ``python -m orchestrator.history`` and chaos ask."""

from __future__ import annotations

from itertools import chain

import redis

from orchestrator.domain.errors import Unreachable
from orchestrator.history.broker_dump import StageMessages, read_messages
from orchestrator.history.check import check_history
from orchestrator.history.read_dump import read_dump
from orchestrator.history.report import Report
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.reader import Reader
from orchestrator.settings.amqp_url import is_amqp
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import Servers, find_servers


def judge(settings: Settings, *, ended: bool) -> Report:
    """What the checker says of the ledger; ``ended``: everything that was submitted must be over.

    The log is the namespace's feed: what it no longer holds is not judged. Raises ``InvalidInput`` and ``Unreachable``.
    """
    servers = find_servers(settings)
    client = connect(servers.redis_url, patient=False)
    keys = Keys(settings.namespace)
    try:
        dump = read_dump(client, keys)
        # After the dump: what is newer than it is left out.
        feed = Reader(client, keys).events(None, 0)
        first = next(feed, None)
        events = chain([first], feed) if first is not None else feed
        is_cut = first is not None and first.sequence_id > 1
        messages = _messages(servers, settings)
        return check_history(events, dump, ended=ended, is_cut=is_cut, messages=messages)
    except redis.exceptions.NoPermissionError as error:
        raise Unreachable(f"Redis: {error}; the checker needs a user who may read everything (+@read)") from error
    except redis.RedisError as error:
        raise Unreachable(f"Redis: {error}") from error
    finally:
        client.close()


def _messages(servers: Servers, settings: Settings) -> StageMessages:
    """Of a RabbitMQ nothing can be looked at without taking it."""
    if is_amqp(servers.broker_url):
        return StageMessages()
    broker = redis.Redis.from_url(servers.broker_url)
    try:
        return read_messages(broker, settings.namespace, settings.lanes)
    finally:
        broker.close()
