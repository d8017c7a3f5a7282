"""The `changeover coordinator` process: puts a coordinator together from the settings and runs it until a signal."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress

import structlog

from orchestrator.background.pulse import Pulse
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.archive import open_archive
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.coordinator.coordinator import Coordinator
from orchestrator.coordinator.retention import Retention, RetentionThread
from orchestrator.ledger.connection import UNREACHABLE, connect, translate_errors
from orchestrator.ledger.inbox import Inbox
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.presence import Presence, forget_gone
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.reader import Reader
from orchestrator.observability.logs import configure_logs
from orchestrator.settings.checkpoint_store import open_store, require_store
from orchestrator.settings.model import load_settings
from orchestrator.settings.servers import find_servers

_log = structlog.get_logger(__name__)


def run_coordinator() -> None:
    """The `changeover coordinator` process: runs until SIGTERM or SIGINT, then leaves cleanly."""
    settings = load_settings()
    configure_logs(settings)
    url = find_servers(settings).redis_url
    with translate_errors(url):
        client = connect(url, patient=True)
        client.ping()
    require_store(settings)
    store = open_store(settings)
    ledger = Ledger(client, settings)
    name = f"{socket.gethostname()}:{os.getpid()}"
    inbox = Inbox(client, ledger.keys, name)
    dispatcher = Dispatcher(settings)
    reader = Reader(client, ledger.keys)
    cleaner = CheckpointCleaner(store, reader, settings.checkpoint.orphan_sweep_seconds) if store else None
    coordinator = Coordinator(ledger, reader, inbox, dispatcher, settings, cleaner=cleaner)
    # On a connection of its own: it reads for minutes when a large plan is archived.
    apart = Ledger(connect(url, patient=True), settings)
    walk = Retention(
        Purges(apart),
        Reader(apart.client, apart.keys),
        settings.retention_seconds,
        open_archive(settings),
        forget_gone=lambda: forget_gone(apart.client, apart.keys),
    )
    retention = RetentionThread(walk)
    presence = Presence(ledger, "coordinator")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: coordinator.stop())
    pulse = Pulse(settings.frozen_seconds)
    pulse.start()
    presence.start()
    retention.start()
    _log.info("coordinator runs", action="coordinator-start", name=name, namespace=settings.namespace)
    try:
        coordinator.run()
    finally:
        retention.stop()
        presence.stop()
        with suppress(*UNREACHABLE):
            inbox.leave()
        dispatcher.close()
        pulse.stop()
    _log.info("coordinator stopped", action="coordinator-stop", name=name)
