"""The Redis connections of the settings as targets of steps, each made at its first use."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from orchestrator.ledger.connection import connect
from orchestrator.secrets.masking import redact
from orchestrator.settings.model import ConnectionSettings
from steps import RedisTarget, Target


class Connections(Mapping[str, Target]):
    """Targets by name; safe to share between threads."""

    def __init__(self, settings: Mapping[str, ConnectionSettings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._targets: dict[str, RedisTarget] = {}

    def __getitem__(self, name: str) -> Target:
        """The target. Raises ``KeyError`` for a name that the settings do not have."""
        with self._lock:
            if name not in self._targets:
                url = self._settings[name].url.get_secret_value()
                self._targets[name] = RedisTarget(connect(url, patient=False), redact(url), own_ledger=False)
            return self._targets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)
