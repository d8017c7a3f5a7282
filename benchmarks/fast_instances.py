"""Instances of many tenants as one small HTTP server in a process of its own: each path says one version, and when each
was asked is kept. Cheap enough not to be what is measured.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from types import TracebackType
from typing import ClassVar

VERSION = b"41"


class FastInstances:
    """Use as a context manager; answers ``{"version": ...}`` for every path."""

    def __init__(self) -> None:
        self._pipe, theirs = Pipe()
        self._process = Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def say(self, version: int) -> None:
        """From now on each path says this version."""
        self._pipe.send(("say", version))
        self._pipe.recv()

    def asked(self) -> dict[str, list[float]]:
        """When each path was asked since the last look, in seconds of one clock."""
        self._pipe.send(("asked", None))
        found: dict[str, list[float]] = self._pipe.recv()
        return found

    def __enter__(self) -> FastInstances:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()


class _Server(asyncio.Protocol):
    asked: ClassVar[defaultdict[str, list[float]]] = defaultdict(list)
    body = b'{"version":%s}' % VERSION

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._got = b""

    def data_received(self, data: bytes) -> None:
        self._got += data
        while b"\r\n\r\n" in self._got:
            head, _, self._got = self._got.partition(b"\r\n\r\n")
            _Server.asked[head.split(b" ", 2)[1].decode()].append(time.monotonic())
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_Server.body), _Server.body)
            self._transport.write(answer)  # type: ignore[attr-defined]


def _serve(pipe: Connection) -> None:
    asyncio.run(_serve_for_ever(pipe))


async def _serve_for_ever(pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Server, "127.0.0.1", 0, backlog=1000)
    pipe.send(server.sockets[0].getsockname()[1])

    def obey() -> None:
        try:
            what, value = pipe.recv()
        except EOFError:
            sys.exit()
        if what == "say":
            _Server.body = b'{"version":%d}' % value
            pipe.send(None)
        else:
            pipe.send(dict(_Server.asked))
            _Server.asked.clear()

    loop.add_reader(pipe.fileno(), obey)
    await server.serve_forever()
