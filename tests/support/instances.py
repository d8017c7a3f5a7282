"""Real HTTP servers that play a tenant's instances: each path answers as its test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Answer = Callable[["Handler"], None]


class Instances:
    """One server; ``answers`` maps a path to what it does. Paths that hang are let go when the server closes."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.closing = threading.Event()
        self.seen: list[str] = []
        """Paths asked for, in order."""
        self.peers: set[tuple[str, int]] = set()
        """The connections that they came over."""
        self._server = _Server(("127.0.0.1", 0), Handler)
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
        instances.answers[self.path](self)

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


def hang_up(handler: Handler) -> None:
    """Close without a word."""
    handler.close_connection = True
