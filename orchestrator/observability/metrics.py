"""Serves metrics by HTTP, and answers a scrape in bounded time whatever the servers do.

A scrape that finds the ledger away is answered with ``changeover_ledger_up 0`` and nothing that was read before: where
one coordinator is cut off, its old numbers would hide or feign alerts, which take the max over all. One scrape reads at
a time, and those that come meanwhile take what it read.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog
from prometheus_client import CollectorRegistry, make_wsgi_app, start_http_server
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from orchestrator.background.held_port import handed_socket
from orchestrator.domain.errors import InvalidInput, PortTaken, Problem, Unreachable
from orchestrator.domain.naming import is_address
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.refusals import BROKER, state_words
from orchestrator.ledger.sample import Sample
from orchestrator.observability.ledger_metrics import families, gauge

FRESH_SECONDS: Final = 1.0
"""A sample so young is not read again."""

LOOPBACK_ADDRESS: Final = "127.0.0.1"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """Where metrics are served; ``port`` 0 takes a free one."""

    port: int
    address: str = LOOPBACK_ADDRESS

    def check(self) -> list[Problem]:
        """What is wrong with it."""
        problems = []
        if not 0 <= self.port <= 65535:
            problems.append(Problem("--metrics-port", self.port, "must be a port, 1 to 65535"))
        if not is_address(self.address):
            problems.append(Problem("--metrics-address", self.address, "expected an address or a name of this machine"))
        return problems


class LedgerCollector(Collector):
    """Asks ``read`` for the ledger's sample and ``depths`` for the messages that wait in each lane, by lane."""

    def __init__(
        self,
        read: Callable[[], Sample],
        depths: Callable[[], Mapping[str, int]],
        *,
        by_plan: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._depths = depths
        self._by_plan = by_plan
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._sample: Sample | None = None
        self._lanes: Mapping[str, int] | None = None

    def describe(self) -> list[Family]:
        """Nothing: registering asks no server."""
        return []

    def collect(self) -> Iterator[Family]:
        """What is known now."""
        with self._lock:
            if self._read_at is None or self._clock() - self._read_at >= FRESH_SECONDS:
                self._look()
            sample, lanes = self._sample, self._lanes
        for name, found in {"ledger_up": sample, "broker_up": lanes}.items():
            yield gauge(name, {(): int(found is not None)})
        if sample is not None:
            yield from families(sample, by_plan=self._by_plan)
        if lanes is not None:
            yield gauge("queue_depth", {(lane,): depth for lane, depth in lanes.items()})

    def _look(self) -> None:
        try:
            self._sample = self._read()
        except UNREACHABLE as error:
            self._sample = None
            _log.info(state_words(error), action="metrics-missing", error=str(error))
        try:
            self._lanes = self._depths()
        except Unreachable as error:
            self._lanes = None
            _log.info(state_words(error, BROKER), action="metrics-missing", error=str(error))
        # From the end of the look: one that took its time is not followed by another at once.
        self._read_at = self._clock()


class _Silent(WSGIRequestHandler):
    """A scrape is no news."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class _HandedServer(ThreadingWSGIServer):
    """On a socket that listens already."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname()[:2], _Silent, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]
        self.setup_environ()


def _serve(endpoint: MetricsEndpoint, registry: CollectorRegistry) -> tuple[WSGIServer, threading.Thread]:
    listener = handed_socket(endpoint.port)
    if listener is None:
        served: tuple[WSGIServer, threading.Thread] = start_http_server(endpoint.port, endpoint.address, registry)
        return served
    server = _HandedServer(listener)
    server.set_app(make_wsgi_app(registry))
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    return server, thread


class MetricsServer:
    """Serves a registry on ``/metrics``; stopped twice is stopped."""

    def __init__(self, endpoint: MetricsEndpoint, registry: CollectorRegistry) -> None:
        """Listens at once, on the socket that was handed to us if one was. Raises ``PortTaken``, or ``InvalidInput``
        when the address or port cannot be had."""
        try:
            self._server, self._thread = _serve(endpoint, registry)
        except OSError as error:
            where = f"{endpoint.address}:{endpoint.port}"
            if error.errno == errno.EADDRINUSE:
                raise PortTaken("--metrics-port", where) from error
            name = "--metrics-port" if error.errno == errno.EACCES else "--metrics-address"
            problem = Problem(name, None, f"cannot listen on {where}: {error.strerror or error}")
            raise InvalidInput([problem]) from error
        self.port = self._server.server_port
        _log.info("metrics are served", action="metrics-start", address=endpoint.address, port=self.port)

    def stop(self) -> None:
        """Listens no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
