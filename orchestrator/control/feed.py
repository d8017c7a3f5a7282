"""The namespace's feed for whoever follows it as a whole, on a connection of its own."""

from __future__ import annotations

from orchestrator.domain.events import Event
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.reader import Reader
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers


class Feed:
    """Raises ``Unreachable``."""

    def __init__(self, settings: Settings) -> None:
        self._url = find_servers(settings).redis_url
        self._client = connect(self._url, patient=False, namespace=settings.namespace)
        self._reader = Reader(self._client, Keys(settings.namespace))

    def last_sequence_id(self) -> int:
        """Of the newest event; 0 without one."""
        with translate_errors(self._url):
            return self._reader.last_sequence_id(None)

    def after(self, since: int, limit: int, block_seconds: float) -> list[Event]:
        """At most ``limit`` events after ``since``, as soon as there is one; none after so many seconds."""
        with translate_errors(self._url):
            return self._reader.pages.next_events(since, limit, block_seconds)

    def close(self) -> None:
        """May be called twice."""
        self._client.close()
