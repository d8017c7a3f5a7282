"""A small service beside Changeover: keeps a list of what failed, told by events alone, whatever dies in between.

    python -m examples.event_consumer failures.jsonl cursor.json [--once]

Handled by content, so that an event that comes again (after a crash, after a fail-over) changes nothing: a line a task
and moment of its failure.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from orchestrator import Client, EventConsumer, FileCursor
from orchestrator.domain.events import TaskFailed


def run(failures: Path, cursor: Path, *, once: bool = False) -> None:
    """Appends a JSON line for each failure that is not in the file yet; ``once`` ends with the newest event."""
    known = set(failures.read_text().splitlines()) if failures.exists() else set()
    with Client() as client, failures.open("a") as file:
        for event in EventConsumer(client, FileCursor(cursor)).events(follow=not once):
            if not isinstance(event, TaskFailed):
                continue
            facts = {"task": event.task_id, "at": event.occurred_at.isoformat(), "why": event.failure_info.message}
            line = json.dumps(facts)
            if line not in known:
                known.add(line)
                file.write(line + "\n")
                # On disk before the cursor moves on: the next event is asked for only then.
                file.flush()
                os.fsync(file.fileno())


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--once"]
    run(Path(arguments[0]), Path(arguments[1]), once="--once" in sys.argv)
