"""Clients of the ledger's Redis: quick to say no for a person, patient for a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
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

from orchestrator.ledger.entry import NotLetIn
from orchestrator.ledger.handshake import StrangeAnswer, greet
from orchestrator.ledger.refusals import STATE_VARIABLE, WrongServer, not_now, refusal, refuses_us
from orchestrator.ledger.server_state import client_for_once
from orchestrator.settings.model import RedisSettings

T = TypeVar("T")

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


class _Patience(Retry):
    """Of workers and coordinators: some seconds for a server that is away, none for one that lets us not in, which a
    hand alone mends. Each call of a process that is to end would wait for it."""

    def call_with_retry(
        self,
        do: Callable[[], T],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        def may_pass(error: Exception) -> bool:
            if isinstance(error, AuthenticationError | AuthorizationError):
                return False
            return is_retryable is None or is_retryable(error)

        return super().call_with_retry(do, fail, may_pass, with_failure_count)


class LedgerRedis(redis.Redis):
    """Says "away" for every answer that means it: some come as plain response errors (NOREPLICAS, MISCONF). Of what our
    user may not do it says in which namespace that was: Redis 6 does not name the key."""

    namespace = ""

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
            if self.namespace and refuses_us(error):
                raise type(error)(f"{error}, in namespace {self.namespace!r}") from error
            raise


def connect(url: str, *, patient: bool, replicas: RedisSettings | None = None, namespace: str = "") -> redis.Redis:
    """A pooled client. ``patient`` ones (workers, coordinators) try for some seconds before they raise.

    ``replicas``: as long as a write of the ledger may wait for them, an answer may take longer. ``namespace``: whose
    keys it is for.
    """
    waits = replicas.wait_seconds if replicas is not None and replicas.min_replicas else 0.0
    if patient:
        retry: Retry = _Patience(ExponentialBackoff(cap=1.0, base=0.05), 8)
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
    cast(LedgerRedis, client).namespace = namespace
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


def require_entry(url: str) -> None:
    """Raises ``NotLetIn`` when the ledger's server answers and refuses us, ``WrongServer`` when what answers is none,
    which a hand alone mends; says nothing of one that is away, which comes back."""
    try:
        with client_for_once(url) as client:
            client.ping()
    except RedisError as error:
        if isinstance(found := refusal(error, url), NotLetIn | WrongServer):
            raise found from error
