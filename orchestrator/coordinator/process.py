"""A whole coordinator, put together from the settings: in a process of its own, or on a thread of a worker's."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress

import structlog
from prometheus_client import CollectorRegistry
from redis.exceptions import ResponseError

from orchestrator.background.pulse import Pulse
from orchestrator.background.stop_request import StopRequest
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.broker.watch import BrokerWatch
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.coordinator.coordinator import Coordinator
from orchestrator.coordinator.named_archive import open_archive
from orchestrator.coordinator.retention import Retention, RetentionThread
from orchestrator.coordinator.trace_feed import TraceFeed
from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.connection import UNREACHABLE, connect, translate_errors
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.presence import Presence, forget_gone
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import BROKER_VARIABLE, STATE_VARIABLE
from orchestrator.ledger.sample import read_sample
from orchestrator.ledger.server_state import require_one_server
from orchestrator.notifications.notifier import Notifier
from orchestrator.observability.logs import configure_logs
from orchestrator.observability.metrics import LedgerCollector, MetricsEndpoint, MetricsServer
from orchestrator.observability.tracing import start_tracing, stop_tracing
from orchestrator.settings.checkpoint_store import open_store, require_store
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.extensions import unusable_extensions
from orchestrator.settings.model import Settings, load_settings
from orchestrator.settings.servers import find_servers

_log = structlog.get_logger(__name__)


class CoordinatorService:
    """The coordinator with all that goes with it: presence, retention, notifications, the clean-up of a checkpoint
    store.

    ``store`` is the checkpoint store beside the ledger, if there is one; ``metrics``, where to serve them. Raises
    ``Unreachable`` when Redis is away, ``InvalidInput`` when the port of the metrics cannot be had.
    """

    def __init__(
        self, settings: Settings, store: ContainedStore | None, metrics: MetricsEndpoint | None = None
    ) -> None:
        servers = find_servers(settings)
        url = servers.redis_url
        require_one_server(url, STATE_VARIABLE)
        require_one_server(servers.broker_url, BROKER_VARIABLE)
        with translate_errors(url):
            client = connect(url, patient=True, replicas=settings.redis, namespace=settings.namespace)
            client.ping()
            ledger = Ledger(client, settings)
            ledger.announce()
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._namespace = settings.namespace
        self._inbox = Inbox(client, ledger.keys, self._name)
        self._dispatcher = Dispatcher(settings)
        reader = Reader(client, ledger.keys)
        cleaner = CheckpointCleaner(store, reader, settings.checkpoint.orphan_sweep_seconds) if store else None
        self._coordinator = Coordinator(ledger, reader, self._inbox, self._dispatcher, settings, cleaner=cleaner)
        # On a connection of its own: it reads for minutes when a large plan is archived.
        apart = Ledger(connect(url, patient=True, replicas=settings.redis, namespace=settings.namespace), settings)
        walk = Retention(
            Purges(apart),
            Reader(apart.client, apart.keys),
            settings.retention_seconds,
            open_archive(settings),
            forget_gone=lambda: forget_gone(apart.client, apart.keys),
        )
        self._retention = RetentionThread(walk)
        self._notifier = Notifier(apart, settings, self._name)
        self._broker = BrokerWatch(servers.broker_url)
        self._presence = Presence(ledger, "coordinator", told=self._broker.told)
        tracing = start_tracing(settings)
        self._traces = TraceFeed(Reader(apart.client, apart.keys), tracing, self._name) if tracing is not None else None
        self._metrics = _serve_metrics(settings, url, self._dispatcher, metrics) if metrics is not None else None

    def stop(self) -> None:
        """Ends ``run`` after what it is doing; may be called from another thread, before it, and twice."""
        self._coordinator.stop()

    def run(self) -> None:
        """Works until ``stop``, then leaves cleanly. Once."""
        self._broker.start()
        self._presence.start()
        if self._traces is not None:
            self._traces.start()
        self._retention.start()
        self._notifier.start()
        _log.info("coordinator runs", action="coordinator-start", name=self._name, namespace=self._namespace)
        try:
            self._coordinator.run()
        finally:
            if self._metrics is not None:
                self._metrics.stop()
            self._notifier.stop()
            self._retention.stop()
            if self._traces is not None:
                self._traces.stop()
                stop_tracing()
            self._presence.stop()
            self._broker.stop()
            # Damaged, or never read: nothing of ours is there.
            with suppress(*UNREACHABLE, ResponseError):
                self._inbox.leave()
            self._dispatcher.close()
        _log.info("coordinator stopped", action="coordinator-stop", name=self._name)


def _serve_metrics(settings: Settings, url: str, dispatcher: Dispatcher, endpoint: MetricsEndpoint) -> MetricsServer:
    # A client of its own that does not wait long: a scrape has an end, whatever Redis does.
    client = connect(url, patient=False, namespace=settings.namespace)
    keys = Keys(settings.namespace)
    registry = CollectorRegistry()
    registry.register(
        LedgerCollector(lambda: read_sample(client, keys), dispatcher.waiting, by_plan=settings.metrics_by_plan)
    )
    return MetricsServer(endpoint, registry)


def run_coordinator(metrics: MetricsEndpoint | None = None) -> None:
    """The `changeover coordinator` process: runs until SIGTERM or SIGINT. ``metrics``: where to serve them."""
    if metrics is not None and (problems := metrics.check()):
        raise InvalidInput(problems)
    settings = load_settings()
    configure_logs(settings)
    require_store(settings)
    if unusable := unusable_extensions(settings):
        raise InvalidInput(unusable)
    service = CoordinatorService(settings, open_store(settings), metrics)
    leaving = StopRequest("leaving", service.stop)
    leaving.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leaving.ask())
    pulse = Pulse(settings.frozen_seconds)
    pulse.start()
    try:
        service.run()
    finally:
        pulse.stop()
