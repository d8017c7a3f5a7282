"""Real HTTP servers that play a tenant's instances: each path answers as its test wants."""

from __future__ import annotations

import io
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

Answer = Callable[["Handler"], None]


class Received(NamedTuple):
    """One request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Instances:
    """One server; ``answers`` maps a path to what it does. Paths that hang are let go when the server closes."""

    def __init__(self, answers: dict[str, Answer], tls: ssl.SSLContext | None = None) -> None:
        self.answers = answers
        self.closing = threading.Event()
        self.seen: list[str] = []
        """Paths asked for, in order."""
        self.peers: set[tuple[str, int]] = set()
        """The connections that they came over."""
        self.received: list[Received] = []
        """The requests themselves, in order."""
        self._server = _Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            # The handshake is left to the request's own thread.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.instances = self
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def url(self, path: str = "") -> str:
        return f"http://{self.address}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    # Many clients may connect in the same moment; a refused SYN would be sent again a second later.
    request_queue_size = 256
    # Kept-alive connections end when the client closes them, which may be after the server's end.
    daemon_threads = True
    instances: Instances

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        instances = self.server.instances
        instances.seen.append(self.path)
        instances.peers.add(self.client_address)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        instances.received.append(Received(self.command, self.path, headers, body))
        instances.answers[self.path](self)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""

    @property
    def closing(self) -> threading.Event:
        return self.server.instances.closing

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def says(report: Any, status: int = 200) -> Answer:
    return lambda handler: handler.reply(status, json.dumps(report).encode())


def raw(body: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda handler: handler.reply(status, body, **headers)


def hang(handler: Handler) -> None:
    """Accept and never answer."""
    handler.closing.wait()
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """A byte now and then, for ever: no single read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.closing.wait(0.02):
        handler.wfile.write(b" ")
    handler.close_connection = True


def in_turn(*answers: Answer) -> Answer:
    """Each request gets the next answer; the last one goes on."""
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def reset(handler: Handler) -> None:
    """Break the connection so that the client sees a reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
    handler.wfile = io.BytesIO()


def hang_up(handler: Handler) -> None:
    """Close without a word."""
    handler.close_connection = True
