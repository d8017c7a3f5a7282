"""``python -m tests.chaos``: runs with drawn seeds until the time is up or one fails; prints each seed first."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.kinds import ALL, PENDING, chosen
from tests.chaos.run import ChaosRun, run_chaos

EPILOG = f"Kinds of faults: {', '.join(sorted(ALL))}. Not run unless named by --also: {', '.join(PENDING) or 'none'}."


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__, epilog=EPILOG)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--stages", type=int, default=4)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--coordinators", type=int, default=2)
    parser.add_argument("--concurrency", type=int, default=20, help="max_concurrency of the plan")
    parser.add_argument("--fleet", action="store_true", help="plans with waves, gates, breakers, groups, freezes")
    parser.add_argument("--seed", type=int, help="replays the faults of a run; else drawn")
    parser.add_argument("--hours", type=float, default=0.0, help="runs on and on for this long; 0 is one run")
    parser.add_argument("--only", action="append", default=[], metavar="KIND", help="these kinds and no others")
    parser.add_argument("--also", action="append", default=[], metavar="KIND", help="a kind that is not run by default")
    parser.add_argument("--without", action="append", default=[], metavar="KIND", help="leaves a kind out")
    given = parser.parse_args()
    try:
        kinds = tuple(chosen(also=given.also, without=given.without, only=given.only))
    except ValueError as error:
        parser.error(str(error))
    ends_at = time.monotonic() + given.hours * 3600
    while True:
        seed = given.seed if given.seed is not None else random.randrange(1_000_000)
        print(f"seed {seed}", flush=True)
        started = time.monotonic()
        run = ChaosRun(
            seed=seed,
            tenants=given.tenants,
            stages=given.stages,
            faults=given.faults,
            workers=given.workers,
            coordinators=given.coordinators,
            max_concurrency=given.concurrency,
            end_seconds=180.0,
            kinds=kinds,
            fleet=given.fleet,
        )
        folder = Path(tempfile.mkdtemp(prefix=f"changeover-chaos-{seed}-"))
        result = run_chaos(run, folder)
        print(
            f"seed {seed}: {result.status}, {len(result.faults)} faults, {result.recoveries} recoveries, "
            f"{result.repeated} of {result.effects} effects repeated, {result.requests} requests asked again, "
            f"{result.retries} retries of the plan, "
            f"{''.join(f'{count} {word}, ' for word, count in sorted(result.answers.items()))}"
            f"{result.repairs} repairs, {time.monotonic() - started:.0f} s\n{result.report}",
            flush=True,
        )
        for line in result.broken:
            print(line, flush=True)
        if not result.holds:
            print(f"FAILED; logs in {folder}; again with --seed {seed}", flush=True)
            return 1
        if time.monotonic() >= ends_at:
            return 0


if __name__ == "__main__":
    sys.exit(main())
