"""Which broker a process works with, and whether it answers: told with the process' presence.

A worker whose broker is another than the coordinators' looks well and never gets a message; a coordinator whose broker
is away admits tasks and hands out none. Two URLs may name one server, so the server's own run id is told beside them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, Final, cast

import redis

from orchestrator.background.loop import BackgroundLoop
from orchestrator.ledger.server_state import client_for_once
from orchestrator.settings.redis_url import parse_redis_url

LOOK_SECONDS: Final = 5.0


def place_of(broker_url: str) -> str:
    """Host, port and database, nothing secret."""
    url = parse_redis_url(broker_url)
    return f"{url.place}/{url.database}"


class BrokerWatch:
    """Asks the broker who it is, on a thread of its own; started and stopped as ``background.loop`` says."""

    def __init__(self, broker_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """``broker_url`` as ``find_servers`` gives it."""
        url = parse_redis_url(broker_url)
        self._dial = url.for_ledger()
        self._place = place_of(broker_url)
        self._database = url.database
        self._clock = clock
        self._run_id = ""
        self._answered = clock()
        self._loop = BackgroundLoop("broker-watch", LOOK_SECONDS, self.look, opening=self.look)

    def start(self) -> None:
        """Looks now, then every five seconds."""
        self._loop.start()

    def stop(self) -> None:
        """Looks no more."""
        self._loop.stop()

    def look(self) -> None:
        """Asks once."""
        with contextlib.suppress(redis.RedisError, OSError), client_for_once(self._dial) as client:
            self._run_id = str(cast(dict[str, Any], client.info("server"))["run_id"])
            self._answered = self._clock()

    def told(self) -> dict[str, Any]:
        """``broker``: host, port and database; ``brokerRun``: the server's run id and the database, "" when it was
        never there; ``brokerAway``: seconds since it last answered, 0 when it did at the last look."""
        silent = self._clock() - self._answered
        away = round(silent, 1) if silent > 2 * LOOK_SECONDS else 0.0
        run = f"{self._run_id}/{self._database}" if self._run_id else ""
        return {"broker": self._place, "brokerRun": run, "brokerAway": away}
