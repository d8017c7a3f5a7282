"""``python -m benchmarks`` (``make bench``): what docs/performance.md and docs/scaling.md stand on, in less than ten
minutes on two quiet cores. With names, those: each of the table below, ``scaling``, and ``retention``, ``templates``,
``checkpoints``, ``masking``, which are asked seldom; ``operations``, ``polls`` and ``recovery`` then have more in them.
``--quick`` is the first six, in less than a minute.

``--json FILE`` keeps the figures with the machine's facts; ``--plot FILE`` draws cost against plan size (SVG, needs the
extra ``bench``).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

from benchmarks import (
    alone,
    checkpoints,
    idle,
    masking,
    operations,
    polls,
    recovery,
    retention,
    scaling,
    sizes,
    stage,
    status,
    submit,
    templates,
    throughput,
)
from benchmarks.facts import described, machine
from benchmarks.place import private_redis

Benchmark = Callable[[argparse.Namespace], object]
"""Prints its rows; what it answers is kept as JSON."""


def _throughput(given: argparse.Namespace) -> object:
    pools = tuple(given.pool or (["solo"] if given.quick else throughput.POOLS))
    return throughput.run(throughput.quick(pools, given.slots) if given.quick else throughput.whole(pools))


TABLE: dict[str, Benchmark] = {
    "throughput": _throughput,
    "stage": lambda given: stage.run(100, 3) if given.quick else stage.run(),
    "alone": lambda given: alone.run(3, 50) if given.quick else alone.run(),
    "polls": lambda given: (
        polls.run((500,), 6.0, 1) if given.quick else polls.run((500, 2_000) if given.names else (2_000,))
    ),
    "sizes": lambda given: sizes.run(sizes.upto(1_000 if given.quick else given.upto), given.plot),
    "submit": lambda given: submit.run((1_000,)) if given.quick else submit.run(),
    "status": lambda _: status.run(),
    # By name with as many tasks as docs/performance.md tells of: most of the time goes into bringing them there.
    "operations": lambda given: operations.run() if given.names else operations.run(1_000),
    "recovery": lambda given: recovery.run() if given.names else recovery.brief(),
    "idle": lambda _: idle.run(),
}
QUICK = ("throughput", "stage", "alone", "polls", "sizes", "submit")
BY_NAME: dict[str, Benchmark] = {
    "masking": lambda _: masking.run(),
    "retention": lambda _: retention.run(),
    "templates": lambda _: templates.run(),
    "checkpoints": lambda _: checkpoints.run(),
    "scaling": lambda given: scaling.run(given.tenants),
}


def main() -> None:
    known = {**TABLE, **BY_NAME}
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*known, []])
    parser.add_argument("--quick", action="store_true", help="the first six, small")
    parser.add_argument("--pool", action="append", choices=list(throughput.POOLS), help="throughput of these only")
    parser.add_argument("--slots", type=int, default=64, metavar="N", help="max_concurrency of throughput --quick")
    parser.add_argument("--tenants", type=int, default=1_000_000, metavar="N", help="what scaling reckons with")
    parser.add_argument("--upto", type=int, default=10_000, metavar="N", help="tenants of the largest plan of sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keeps the figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draws cost against plan size")
    given = parser.parse_args()
    facts: dict[str, Any] = {}
    if given.names != ["scaling"]:
        with private_redis() as server, redis.Redis.from_url(server.url()) as client:
            facts = machine(client)
        print(described(facts), flush=True)
    rows, took = dict[str, object](), dict[str, float]()
    for name in given.names or (QUICK if given.quick else TABLE):
        started = time.monotonic()
        rows[name] = known[name](given)
        took[name] = time.monotonic() - started
        print(f"  ({name} took {took[name]:.0f} s)", flush=True)
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps({"facts": facts, "seconds": took, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
