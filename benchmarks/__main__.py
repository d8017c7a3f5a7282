"""``python -m benchmarks [throughput] [submit] [recovery] [retention] [templates]``: all of them by default."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import recovery, retention, submit, templates, throughput

BENCHMARKS: dict[str, Callable[[], None]] = {
    "throughput": throughput.run,
    "submit": submit.run,
    "recovery": recovery.run,
    "retention": retention.run,
    "templates": templates.run,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
