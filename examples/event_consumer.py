"""A small service beside Changeover: a table of what failed, in a database of its own, told by events alone.

    python -m examples.event_consumer failures.sqlite [--once]

The cursor is kept in the database that the handling writes to, and saved in the same transaction: whatever dies in
between, both are there or neither is. After a fail-over events may come again: a failure is known by its task and
moment, so writing it twice changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

from orchestrator import Client, EventConsumer, EventPosition
from orchestrator.domain.events import Event, TaskFailed

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS failures (task TEXT, at TEXT, tenant TEXT, why TEXT, PRIMARY KEY (task, at));
CREATE TABLE IF NOT EXISTS cursor (only INTEGER PRIMARY KEY CHECK (only = 1), trail TEXT NOT NULL);
"""


class SqliteCursor:
    """Saving it commits what the handling wrote since the last time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def load(self) -> EventPosition:
        """The position last saved; an empty one before the first."""
        row = self._database.execute("SELECT trail FROM cursor").fetchone()
        return EventPosition({int(number): text for number, text in json.loads(row[0])} if row else {})

    def save(self, position: EventPosition) -> None:
        """One transaction with the handling's own writes."""
        trail = json.dumps(list(position.trail.items()))
        self._database.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?)", (trail,))
        self._database.commit()


def handle(database: sqlite3.Connection, event: Event) -> None:
    """Writes a failure down; the cursor's next save commits it."""
    if isinstance(event, TaskFailed):
        row = (event.task_id, event.occurred_at.isoformat(), event.tenant_id, event.failure_info.message)
        database.execute("INSERT OR IGNORE INTO failures VALUES (?, ?, ?, ?)", row)


def run(path: Path, *, once: bool = False) -> None:
    """Handles what the feed holds and goes on for ever; ``once`` ends with the newest event."""
    with closing(sqlite3.connect(path)) as database, Client() as client:
        database.executescript(_TABLES)
        # Twenty events a transaction: what a crash leaves unsaved was not written either, and comes again.
        consumer = EventConsumer(client, SqliteCursor(database), save_every=20)
        for event in consumer.events(follow=not once):
            handle(database, event)


if __name__ == "__main__":
    paths = [argument for argument in sys.argv[1:] if argument != "--once"]
    if len(paths) != 1 or paths[0].startswith("-"):
        sys.exit("usage: python -m examples.event_consumer [--once] DATABASE_FILE")
    run(Path(paths[0]), once="--once" in sys.argv)
