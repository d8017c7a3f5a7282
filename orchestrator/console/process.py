"""The server under the console: its socket, TLS, its stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any, Final

import anyio.to_thread
import structlog
import uvicorn
from fastapi import FastAPI

from orchestrator.background.held_port import handed_socket, listen_on
from orchestrator.client import Client
from orchestrator.console.access.request_shares import THREADS
from orchestrator.console.app import create_app
from orchestrator.console.connections import BoundedHttp, allow_files
from orchestrator.domain.errors import InvalidInput, PortTaken, Problem
from orchestrator.observability.logs import configure_logs
from orchestrator.settings.console import ConsoleSettings, require_tls_files
from orchestrator.settings.model import Settings

STOP_SECONDS: Final = 10
"""How long requests under way have at a stop. Streams are ended at once."""

TAKE_SECONDS: Final = 2.0
"""A reader that does not take what was sent to it is dropped so long after a stop began."""

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_log = structlog.get_logger(__name__)


class ConsoleHttp(uvicorn.Server):
    """Ends open streams when it is to stop, and leaves the exit code to its caller."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """With as many threads as there may be shares."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams first: nothing else would end them."""
        app: Any = self.config.app
        app.state.streams.end_all()
        dropping = asyncio.get_running_loop().call_later(TAKE_SECONDS, self._drop_those_who_take_nothing)
        try:
            await super().shutdown(sockets)
        finally:
            dropping.cancel()

    def _drop_those_who_take_nothing(self) -> None:
        connections: list[Any] = list(self.server_state.connections)
        for connection in connections:
            if connection.flow.write_paused:
                connection.transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but for its end: a stop that was asked for is no death by signal."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def server_config(app: FastAPI, settings: ConsoleSettings, port: int | None = None) -> uvicorn.Config:
    """How it is served."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port if port is None else port,
        http=BoundedHttp,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        # Its lines go through our formatter, and the door writes one of each request, without queries.
        log_config=None,
        access_log=False,
        # The door reads what proxies say, and knows whom to believe.
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )


def run_console(settings: Settings) -> None:
    """Serves until SIGTERM or Ctrl-C. Raises ``InvalidInput`` for a certificate or an address that cannot be used,
    ``PortTaken``, and ``Unreachable`` when no Redis is named."""
    configure_logs(settings)
    allow_files()
    console = settings.console
    require_tls_files(console)
    with Client(settings) as client:
        app = create_app(settings, client)
        with contextlib.closing(app.state.redis), contextlib.closing(app.state.shared):
            config = server_config(app, console)
            _load(config, console)
            # Not before there is who answers: probes take a connection that is made for an open door.
            with _listening(console) as listener:
                _serve(config, listener, console)
        _log.info("console stopped", action="console-stopped")


def _serve(config: uvicorn.Config, listener: socket.socket, console: ConsoleSettings) -> None:
    scheme = "http" if console.tls_cert is None else "https"
    host = f"[{console.host}]" if ":" in console.host else console.host
    _log.info(f"console at {scheme}://{host}:{console.port}", action="console-started")
    if scheme == "http" and not _is_private(listener):
        _log.warning(
            "tokens are sent in the clear: give --tls-cert and --tls-key, or put a proxy with TLS before it",
            action="no-tls",
        )
    ConsoleHttp(config).run(sockets=[listener])


def _load(config: uvicorn.Config, console: ConsoleSettings) -> None:
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        where = f"{console.tls_cert}, {console.tls_key}"
        reason = error.strerror or str(error)
        raise InvalidInput([Problem("console.tls_cert", where, f"cannot be used: {reason}")]) from error


@contextlib.contextmanager
def _listening(console: ConsoleSettings) -> Iterator[socket.socket]:
    where = f"{console.host}:{console.port}"
    try:
        listener = handed_socket(console.port) or listen_on(console.host, console.port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken("--port", where) from error
        raise InvalidInput([Problem("--host", console.host, f"cannot listen on {where}: {error.strerror}")]) from error
    with listener:
        yield listener


def _is_private(listener: socket.socket) -> bool:
    return str(listener.getsockname()[0]).startswith(("127.", "::1"))
