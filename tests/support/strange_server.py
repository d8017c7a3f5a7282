"""Servers that are no Redis, or none of today: each says the same to whatever it is sent."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ANSWERS: Final[dict[str, bytes | None]] = {
    "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "memcached": b"ERROR\r\n",
    "rabbit": b"AMQP\x00\x00\x09\x01",
    "tls alert": b"\x15\x03\x01\x00\x02\x02\x46",
    "escape": b"\x1b[2J\r\n",
    "redis 5": b"-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `u`, `hunter2`, \r\n",
    "plain text": b"-ERR plain text connection is not permitted\r\n",
    "quotes": b"-ERR user u with hunter2 \x1b[2J is nobody\r\n",
    "text": b"+OK\r\n+OK\r\n",
    "nothing": b"*-1\r\n*-1\r\n",
    "echo": None,
}
"""None: what it was sent."""


class _Talks(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        while sent := self.request.recv(65536):
            self.request.sendall(sent if self.server.answer is None else self.server.answer)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    answer: bytes | None


class _SocketServer(_Server):
    address_family = socket.AF_UNIX


@contextmanager
def strange_server(kind: str) -> Iterator[int]:
    """The port of one that answers so."""
    with _Server(("127.0.0.1", 0), _Talks) as server, _serving(server, kind):
        yield server.server_address[1]


@contextmanager
def strange_socket(kind: str, path: Path) -> Iterator[None]:
    """The same at a Unix socket."""
    with _SocketServer(str(path), _Talks) as server, _serving(server, kind):  # type: ignore[arg-type]
        yield


@contextmanager
def _serving(server: _Server, kind: str) -> Iterator[None]:
    server.answer = ANSWERS[kind]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
