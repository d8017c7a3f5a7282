"""``python -m benchmarks``: all of them, or those named: throughput, submit, status, recovery, retention, templates,
checkpoints, operations. ``--quick`` runs throughput in less than a minute, ``--pool`` of one kind of workers;
``--slots N`` is the plans' max_concurrency then; ``--json FILE`` keeps its figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks import checkpoints, operations, recovery, retention, status, submit, templates, throughput

BENCHMARKS: dict[str, Callable[[], None]] = {
    "submit": submit.run,
    "status": status.run,
    "recovery": recovery.run,
    "retention": retention.run,
    "templates": templates.run,
    "checkpoints": checkpoints.run,
    "operations": operations.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=["throughput", *BENCHMARKS, []])
    parser.add_argument("--quick", action="store_true", help="throughput in less than a minute")
    parser.add_argument("--pool", action="append", choices=list(throughput.POOLS), help="of these workers only")
    parser.add_argument("--slots", type=int, default=64, metavar="N", help="max_concurrency of --quick")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keeps the figures of throughput")
    given = parser.parse_args()
    for name in given.names or (["throughput"] if given.quick else ["throughput", *BENCHMARKS]):
        if name == "throughput":
            pools = tuple(given.pool or throughput.POOLS)
            throughput.run(throughput.quick(pools, given.slots) if given.quick else throughput.whole(pools), given.json)
        else:
            BENCHMARKS[name]()


if __name__ == "__main__":
    main()
