"""``python -m benchmarks``: all of them, or those named: throughput, submit, status, recovery, retention, templates,
checkpoints, operations.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import checkpoints, operations, recovery, retention, status, submit, templates, throughput

BENCHMARKS: dict[str, Callable[[], None]] = {
    "throughput": throughput.run,
    "submit": submit.run,
    "status": status.run,
    "recovery": recovery.run,
    "retention": retention.run,
    "templates": templates.run,
    "checkpoints": checkpoints.run,
    "operations": operations.run,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
