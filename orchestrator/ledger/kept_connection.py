"""Commands on a connection that each thread keeps: half of what a pooled client takes for one is lending connections.

Errors are those of the client (``parse_response``), and tried again as often. What a kept connection needs
beside that: a child after a fork and a thread that ends use it no more, and a signal's handler that comes in between a
command and its answer takes another.
"""

from __future__ import annotations

import os
import threading
from typing import Any, cast

import redis
from hiredis import pack_command
from redis.exceptions import ResponseError


class KeptConnection:
    """Serves all threads of a process; nothing connects before it is used."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._of_thread = threading.local()

    def execute(self, *command: str | int | float) -> Any:
        """The command's answer. Raises what the client raises."""
        kept: _Lent | None = getattr(self._of_thread, "kept", None)
        if kept is None or kept.pid != os.getpid():
            kept = self._of_thread.kept = _Lent(self._client.connection_pool)
        if kept.is_busy:
            return self._client.execute_command(*command)  # type: ignore[no-untyped-call]
        connection = kept.connection
        # By hand: the client looks at each argument before it does the same.
        packed = [pack_command(cast(Any, command))]

        def ask() -> Any:
            connection.send_packed_command(packed)
            return self._client.parse_response(connection, command[0])  # type: ignore[no-untyped-call]

        kept.is_busy = True
        try:
            return connection.retry.call_with_retry(ask, lambda _: connection.disconnect())
        except ResponseError:
            raise
        except BaseException:
            # Its answer may still come: nobody is to take it for that of the next command.
            connection.disconnect()
            raise
        finally:
            kept.is_busy = False


class _Lent:
    """A connection of the pool, given back when its thread ends."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self.pid = os.getpid()
        self.is_busy = False
        self._pool = pool
        self.connection: Any = pool.get_connection()

    def __del__(self) -> None:
        connection = getattr(self, "connection", None)
        if connection is not None and self.pid == os.getpid():
            self._pool.release(connection)
