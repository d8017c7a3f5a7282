"""Connections of callers: who is slow to ask, or to take the answer, does not keep one for ever.

uvicorn bounds the time between two requests and no other. Here the head of a request has its time, what is left of a
body that nobody reads any more has one, and an answer that is not taken has one; how fast a body has to come while it
is read says ``access/bodies.py``. There are so many connections at most; when one more comes, the one goes that has
done nothing for longest.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from contextlib import suppress
from typing import Any, Final

import h11
import structlog
import uvicorn
from starlette.datastructures import Headers
from uvicorn.protocols.http.h11_impl import H11Protocol

from orchestrator.console.headers import add_headers
from orchestrator.console.problems import MEDIA_TYPE, problem

if sys.platform != "win32":
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit

HEAD_SECONDS: Final = 20.0
"""For the whole head of a request, from the connection's begin or the head's first byte."""

REST_SECONDS: Final = 5.0
"""For the rest of a body whose request is answered: one who is refused can still read why."""

TAKEN_SECONDS: Final = 60.0
"""For taking what was sent, when no more of it fits between here and there."""

MOST: Final = 10_000
"""Connections, where the process may open files enough."""

SECONDS: Final = {"head": HEAD_SECONDS, "rest": REST_SECONDS, "taken": TAKEN_SECONDS}
_log = structlog.get_logger(__name__)


class _OneLength(h11.Connection):
    """Refuses a request that says its length in two ways: a proxy before us may go by the other one, and take for one
    request what would be two here."""

    def next_event(self) -> Any:
        """Raises ``h11.RemoteProtocolError`` for one, which uvicorn answers with 400 and the end of the connection."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            names = {name for name, _ in event.headers}
            if {b"content-length", b"transfer-encoding"} <= names:
                raise h11.RemoteProtocolError("both Content-Length and Transfer-Encoding")
        return event


class BoundedHttp(H11Protocol):
    """uvicorn's, with an end to all that a caller may leave undone."""

    def __init__(self, config: uvicorn.Config, *args: Any, **kwargs: Any) -> None:
        """As uvicorn's, but for what it reads requests by."""
        super().__init__(config, *args, **kwargs)
        most = config.h11_max_incomplete_event_size
        self.conn = _OneLength(h11.SERVER) if most is None else _OneLength(h11.SERVER, most)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """There is room for it, or room is made."""
        super().connection_made(transport)
        # asyncio does so only where the listening socket names its protocol, and ours does not. Without it what follows
        # the head of an answer waits until the other side, which is in no hurry, has said that it has the head.
        taken: socket.socket = transport.get_extra_info("socket")
        if taken.family in (socket.AF_INET, socket.AF_INET6):
            with suppress(OSError):  # it has gone already
                taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._owed = ""
        self._ends: asyncio.TimerHandle | None = None
        self._idle_since = self.loop.time()
        self._make_room()
        self._look()

    def data_received(self, data: bytes) -> None:
        """Bytes alone win no time: what they are part of has to become whole."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """From now on it is idle, or owes what is left of its body."""
        super().on_response_complete()
        self._idle_since = self.loop.time()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """As every error is told, and it ends. What is answered already is not told again, and the answer to a HEAD
        has no place for the words."""
        body = json.dumps(problem(400, "bad_request", "Bad Request", "what came cannot be read as HTTP")).encode()
        told = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), "connection": "close"}
        start = {"headers": Headers(told).raw}
        add_headers(start, is_static=False, is_named_by_content=False)
        head = h11.Response(status_code=400, headers=start["headers"], reason=b"Bad Request")
        with suppress(h11.LocalProtocolError):
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Closed, once what was sent is taken."""
        super().timeout_keep_alive_handler()
        self._look()

    def pause_writing(self) -> None:
        """The other side takes nothing at the moment."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """It has taken something."""
        super().resume_writing()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is owed any more."""
        self._wait_for("")
        super().connection_lost(exc)

    def _look(self) -> None:
        self._wait_for(self._what_is_owed())

    def _what_is_owed(self) -> str:
        if self.flow.write_paused or (self.transport.is_closing() and self.transport.get_write_buffer_size()):
            return "taken"
        if self.transport.is_closing() or not self._is_idle:
            return ""
        if self.conn.their_state is h11.SEND_BODY:
            return "rest"
        # Between requests uvicorn's own time runs, until a byte comes; it may have come behind the last request.
        begun = self.timeout_keep_alive_task is None or self.conn.trailing_data[0]
        return "head" if begun else ""

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait_for(self, owed: str) -> None:
        if owed == self._owed:
            return
        self._owed = owed
        if self._ends is not None:
            self._ends.cancel()
        self._ends = self.loop.call_later(SECONDS[owed], self._give_up) if owed else None

    def _give_up(self) -> None:
        address = self.client[0] if self.client else None
        _log.info(f"a caller was too slow ({self._owed})", action="connection-dropped", address=address)
        self.transport.abort()

    def _make_room(self) -> None:
        most = most_connections()
        if len(self.connections) <= most:
            return
        idle = (one for one in self.connections if isinstance(one, BoundedHttp) and one._is_idle and one is not self)
        eldest = min(idle, key=lambda one: one._idle_since, default=self)
        _log.warning(f"there are {most} connections; the one that is idle longest goes", action="connections-full")
        self.connections.discard(eldest)
        eldest.transport.abort()


def most_connections() -> int:
    """How many there may be: three quarters of the files that the process may open; the rest is for Redis."""
    return max(1, min(MOST, _files() * 3 // 4))


def allow_files() -> None:
    """Lets the process open as many files as it may at all, which the shell often says less of."""
    if sys.platform == "win32":
        return
    files, most = getrlimit(RLIMIT_NOFILE)
    wanted = MOST * 2 if most == RLIM_INFINITY else min(most, MOST * 2)
    if files != RLIM_INFINITY and files < wanted:
        setrlimit(RLIMIT_NOFILE, (wanted, most))


def _files() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    files, _ = getrlimit(RLIMIT_NOFILE)
    return sys.maxsize if files == RLIM_INFINITY else files
