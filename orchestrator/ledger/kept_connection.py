"""Commands on a connection that each thread keeps: half of what a pooled client takes for one is lending connections.

Errors are those of the client (``parse_response``), and tried again as often. What a kept connection needs
beside that: a child after a fork and a thread that ends use it no more, and a signal's handler that comes in between a
command and its answer takes another. Threads that are many and ask seldom share a few instead.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import redis
from hiredis import pack_command
from redis.exceptions import ResponseError

T = TypeVar("T")


SHARED: Final = 8
"""Connections for all threads that share."""


class KeptConnection:
    """Serves all threads of a process; nothing connects before it is used."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._of_thread = threading.local()
        self._shared: list[_Lent] = []
        self._turns = threading.BoundedSemaphore(SHARED)

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """In the block this thread keeps none: it waits for one of those that such threads share."""
        self._of_thread.shares = True
        try:
            yield
        finally:
            self._of_thread.shares = False

    def execute(self, *command: str | int | float) -> Any:
        """The command's answer. Raises what the client raises."""

        def ask(connection: Any) -> Any:
            # By hand: the client looks at each argument before it does the same.
            connection.send_packed_command([pack_command(cast(Any, command))])
            return self._client.parse_response(connection, command[0])  # type: ignore[no-untyped-call]

        return self._work(ask, lambda: self._client.execute_command(*command))  # type: ignore[no-untyped-call]

    def execute_all(self, commands: Sequence[tuple[str | int | float, ...]]) -> list[Any]:
        """The answers to all, in one round trip: an error that a command met stands in its place. Raises what the
        client raises when the server is away; some may have been done then."""

        def ask(connection: Any) -> list[Any]:
            connection.send_packed_command([b"".join(pack_command(cast(Any, one)) for one in commands)])
            return [self._answer(connection, command[0]) for command in commands]

        def by_the_client() -> list[Any]:
            with self._client.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
                return pipeline.execute(raise_on_error=False)

        return self._work(ask, by_the_client)

    def _work(self, ask: Callable[[Any], T], by_the_client: Callable[[], T]) -> T:
        if getattr(self._of_thread, "shares", False):
            with self._turns:
                return self._by_shared(ask)
        kept: _Lent | None = getattr(self._of_thread, "kept", None)
        if kept is None or kept.pid != os.getpid():
            kept = self._of_thread.kept = _Lent(self._client.connection_pool)
        return by_the_client() if kept.is_busy else kept.work(ask)

    def _by_shared(self, ask: Callable[[Any], T]) -> T:
        try:
            lent = self._shared.pop()
        except IndexError:
            lent = _Lent(self._client.connection_pool)
        if lent.pid != os.getpid():
            lent = _Lent(self._client.connection_pool)
        try:
            return lent.work(ask)
        finally:
            self._shared.append(lent)

    def _answer(self, connection: Any, name: str | int | float) -> Any:
        try:
            return self._client.parse_response(connection, name)  # type: ignore[no-untyped-call]
        except ResponseError as error:
            return error


class _Lent:
    """A connection of the pool, given back when its thread ends."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self.pid = os.getpid()
        self.is_busy = False
        self._pool = pool
        self.connection: Any = pool.get_connection()

    def work(self, ask: Callable[[Any], T]) -> T:
        """What ``ask`` answers for the connection; it is tried again as the client would."""
        connection = self.connection
        self.is_busy = True
        try:
            return cast(T, connection.retry.call_with_retry(lambda: ask(connection), lambda _: connection.disconnect()))
        except ResponseError:
            raise
        except BaseException:
            # Its answer may still come: nobody is to take it for that of the next command.
            connection.disconnect()
            raise
        finally:
            self.is_busy = False

    def __del__(self) -> None:
        connection = getattr(self, "connection", None)
        if connection is not None and self.pid == os.getpid():
            self._pool.release(connection)
