"""What one exchange may cost the event loop that all tenants of a process share.

A deadline bounds how long a server can keep an exchange open, not how much work it makes meanwhile: interim answers
(1xx) without end, chunks of one byte, thousands of headers, a byte at a time. So every exchange has an allowance of
lines, bytes and pieces, and gives the loop back to the others after few of them. Limits are far from what honest
servers send: net/http of Go takes 5 interim answers, http.client of Python 100 headers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any, Final

import anyio.abc
import httpcore

INTERIM_ANSWERS: Final = 50
HEAD_LINES: Final = 1_000
HEAD_BYTES: Final = 64 * 1024
"""Lines and bytes of all status lines and headers together."""
FRAMING_BYTES: Final = 16 * 1024
"""What a body may have beside itself: sizes of chunks, their extensions, trailers."""
PIECES: Final = 2_000
"""Reads, those below TLS, and chunks: as many of each. A body of 64 KiB may come in chunks of 33 bytes."""
BYTES_BELOW: Final = 512 * 1024
"""What TLS may take beside the body: certificates, tickets, records of a byte."""
PIECE_BELOW_BYTES: Final = 16 * 1024
"""A record: as much is taken apart before another exchange has its turn."""
PIECE_BYTES: Final = 4 * 1024
"""Read at once: as much is parsed before another exchange has its turn."""
_CHUNKS_A_TURN: Final = 25
_BLANK_LINE = re.compile(rb"\n\r?\n")


class TooCostly(Exception):
    """The answer makes more work than any honest one; its text says what there was too much of."""


class AnsweredUnasked(Exception):
    """The answer was there before the request: what was sent beyond the one before it."""


class Allowance:
    """Of one exchange, whose body may have ``body_bytes``; used by one task."""

    def __init__(self, body_bytes: int) -> None:
        self._reads = 0
        self._bytes_below = 2 * body_bytes + BYTES_BELOW
        self._reads_below = 0
        self._chunks = 0
        self._heads = 0
        self._lines = 0
        self._head_bytes = 0
        self._framing_bytes = 0
        self._in_head = True
        self._tail = b""

    def read_below(self, size_bytes: int) -> None:
        """TLS has read a part of a record."""
        self._reads_below = _one_more(self._reads_below)
        self._bytes_below -= size_bytes
        if self._bytes_below < 0:
            raise TooCostly("answered with far more bytes below TLS than in it")

    def take(self, data: bytes) -> int:
        """How many of the bytes that came may be parsed before the next read: of a head no more than up to its end,
        so that every interim answer is a read of its own."""
        self._reads = _one_more(self._reads)
        if not self._in_head:
            self._framing_bytes += len(data)
            self._check_framing()
            return len(data)
        end = _BLANK_LINE.search(self._tail + data)
        taken = len(data) if end is None else end.end() - len(self._tail)
        self._tail = b"" if end is not None else (self._tail + data)[-2:]
        self._heads += end is not None
        self._lines += data.count(b"\n", 0, taken)
        self._head_bytes += taken
        if self._heads > INTERIM_ANSWERS:
            raise TooCostly(f"answered 1xx more than {INTERIM_ANSWERS} times")
        if self._lines > HEAD_LINES:
            raise TooCostly(f"answered with more than {HEAD_LINES} lines of headers")
        if self._head_bytes > HEAD_BYTES:
            raise TooCostly(f"answered with more than {HEAD_BYTES} bytes of headers")
        return taken

    def body_begins(self) -> None:
        """The answer's status and headers are there. Raises ``AnsweredUnasked``."""
        if not self._head_bytes:
            raise AnsweredUnasked("answered before it was asked")
        self._in_head = False

    async def chunk(self, size_bytes: int) -> None:
        """A part of the body was parsed."""
        self._framing_bytes -= size_bytes
        self._chunks = _one_more(self._chunks)
        # What was read at once is parsed without a pause otherwise.
        if self._chunks % _CHUNKS_A_TURN == 0:
            await asyncio.sleep(0)

    def _check_framing(self) -> None:
        if self._framing_bytes > FRAMING_BYTES + PIECE_BYTES:
            raise TooCostly(f"answered with more than {FRAMING_BYTES} bytes around its body")


def _one_more(pieces: int) -> int:
    if pieces >= PIECES:
        raise TooCostly(f"answered in more than {PIECES} pieces")
    return pieces + 1


_current: ContextVar[Allowance] = ContextVar("allowance of this task's exchange")


@contextmanager
def allowance(body_bytes: int) -> Iterator[Allowance]:
    """All that this task reads from streams of a ``Dialer`` is taken from it; ``TooCostly`` is raised from reads."""
    made = Allowance(body_bytes)
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)


class MeteredStream(httpcore.AsyncNetworkStream):
    """A connection whose reads cost the allowance of the exchange that it serves at the moment."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's own
        """See httpcore; raises ``TooCostly`` too."""
        if self._left:
            data = self._left
            await asyncio.sleep(0)
        else:
            data = await self._stream.read(min(max_bytes, PIECE_BYTES), timeout)
        taken = _current.get().take(data)
        self._left = data[taken:]
        return data[:taken]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's own
        """See httpcore."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """See httpcore."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore."""
        # A record that comes byte by byte is many reads below TLS and none above. httpcore has no public way there.
        below: Any = self._stream
        below._stream = _MeteredBytes(below._stream)
        return MeteredStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """See httpcore."""
        # What was sent beyond the answer makes a connection that is not used again.
        return (info == "is_readable" and bool(self._left)) or self._stream.get_extra_info(info)


class _MeteredBytes(anyio.abc.ByteStream):
    def __init__(self, stream: anyio.abc.ByteStream) -> None:
        self._stream = stream

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        return self._stream.extra_attributes

    async def receive(self, max_bytes: int = 65536) -> bytes:
        data = await self._stream.receive(min(max_bytes, PIECE_BELOW_BYTES))
        _current.get().read_below(len(data))
        return data

    async def send(self, item: bytes) -> None:
        await self._stream.send(item)

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()
