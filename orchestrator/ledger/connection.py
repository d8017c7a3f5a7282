"""Clients of the ledger's Redis: quick to say no for a person, patient for a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from orchestrator.ledger.handshake import StrangeAnswer, greet
from orchestrator.ledger.refusals import STATE_VARIABLE, not_now, refusal
from orchestrator.settings.model import RedisSettings

UNREACHABLE = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    ReadOnlyError,
    OutOfMemoryError,
    ClusterDownError,
    MasterDownError,
    TryAgainError,
)
"""What the client raises when the server is away, not ready, or cannot take a write now: full, or failing over; the
kinds of ``refusals.NOT_NOW``, written out for the type checker."""


MOST_CONNECTIONS: Final = 2000
"""Of one client: more than a process has threads."""


class LedgerRedis(redis.Redis):
    """Says "away" for every answer that means it: some come as plain response errors (NOREPLICAS, MISCONF)."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        try:
            return super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
        except UNREACHABLE:
            raise
        except InvalidResponse as error:
            raise StrangeAnswer(str(error)) from error
        except ResponseError as error:
            if not_now(error) is not None:
                raise RedisConnectionError(str(error)) from error
            raise


def connect(url: str, *, patient: bool, replicas: RedisSettings | None = None) -> redis.Redis:
    """A pooled client. ``patient`` ones (workers, coordinators) try for some seconds before they raise.

    ``replicas``: as long as a write of the ledger may wait for them, an answer may take longer.
    """
    waits = replicas.wait_seconds if replicas is not None and replicas.min_replicas else 0.0
    if patient:
        retry = Retry(ExponentialBackoff(cap=1.0, base=0.05), 8)
    else:
        # A connection that broke is made anew once; a server that takes it and stays silent is not waited for twice.
        retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    client = LedgerRedis.from_url(
        url,
        decode_responses=True,
        # What a hand has put there and is no text spoils no answer for all others.
        encoding_errors="replace",
        socket_connect_timeout=2.0,
        socket_timeout=(10.0 if patient else 2.5) + waits,
        health_check_interval=10,
        retry=retry,
        retry_on_error=[BusyLoadingError],
        # One a thread at most, and no thread is refused.
        max_connections=MOST_CONNECTIONS,
    )
    greet(client)
    return client


@contextmanager
def translate_errors(url: str, variable: str = STATE_VARIABLE) -> Iterator[None]:
    """Turns what a client raises into ``Unreachable`` with the reason, the address and what to do.

    ``variable`` is the setting that gave the address. Faults of ours stay what they are.
    """
    try:
        yield
    except RedisError as error:
        if (found := refusal(error, url, variable)) is None:
            raise
        raise found from error
