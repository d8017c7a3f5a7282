"""What Celery says inside a signal handler ("worker: Warm shutdown"), as a line of the log like any other.

Celery writes these words past all logging, since a handler may interrupt the very code that holds a log's lock. With
JSON logs they would be the only lines that are no JSON. So they are written past it here too, in one system call.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

from celery.apps import worker


def shape() -> None:
    """From here on Celery's words have the shape of a log line."""
    worker.safe_say = _say


def _say(message: Any, file: Any = None) -> None:
    line = {
        "action": "worker-stop",
        "event": str(message).strip(),
        "level": "info",
        "logger": "celery.apps.worker",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    # Best effort: a lost word must not end the handler.
    try:
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{json.dumps(line)}\n".encode())
    except (OSError, ValueError):
        return
