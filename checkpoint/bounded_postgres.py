"""A connection to PostgreSQL that gives up an answer which does not come.

What the server bounds (``statement_timeout``) ends with the server, and what the network bounds (keepalives) with the
next box on the way that takes what is sent: behind a proxy whose other side is gone neither ever ends.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final

from psycopg import Connection, OperationalError

ANSWER_SECONDS: Final = 18.0
"""How long one answer is waited for: a little longer than the server itself lets a statement take."""


class BoundedConnection(Connection[Any]):
    """As psycopg's. An answer that does not come in time closes it and raises ``OperationalError``."""

    def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
        """Every call goes through here, whatever it waits for; psycopg asks ``gen`` ten times a second."""
        return super().wait(self._until(gen, time.monotonic() + ANSWER_SECONDS), *arguments, **named)

    def _until(self, gen: Generator[Any, Any, Any], ends: float) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > ends:
                    # Its answer might come in the place of another's.
                    self.close()
                    raise OperationalError(f"no answer within {ANSWER_SECONDS:g} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value
