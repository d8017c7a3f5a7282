"""``python -m benchmarks [throughput] [submit] [status] [recovery] [retention] [templates]``: by default all."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import recovery, retention, status, submit, templates, throughput

BENCHMARKS: dict[str, Callable[[], None]] = {
    "throughput": throughput.run,
    "submit": submit.run,
    "status": status.run,
    "recovery": recovery.run,
    "retention": retention.run,
    "templates": templates.run,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
