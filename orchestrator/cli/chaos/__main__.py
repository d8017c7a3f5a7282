"""``python -m orchestrator.cli.chaos``: a plan on a private cluster in a folder of its own, whose processes are killed
and frozen meanwhile; the history checker judges it after each fault and at the end. No setting of yours is used, and no
server of yours is touched. Exit code 0: it held; 1: it did not, and the folder with the logs is named; 4: no cluster.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from orchestrator.cli.chaos.faults import CLUSTER_FAULTS
from orchestrator.cli.chaos.run import ChaosRun, run_chaos
from orchestrator.cli.chaos.throwaway import ClusterAway
from orchestrator.cli.output import note, print_line
from orchestrator.domain.errors import ChangeoverError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m orchestrator.cli.chaos", description=__doc__)
    parser.add_argument("--tenants", type=_count, default=40, help="how many are moved (40)")
    parser.add_argument("--faults", type=_count, default=8, help="how many are done to it (8)")
    parser.add_argument("--workers", type=_count, default=2, help="processes that it moves them with (2)")
    parser.add_argument("--seed", type=int, help="draws the faults of an earlier run again")
    parser.add_argument("--only", action="append", choices=sorted(CLUSTER_FAULTS), help="these faults and no others")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(1_000_000)  # noqa: S311 - no secret
    kinds = tuple(given.only or CLUSTER_FAULTS)
    folder = Path(tempfile.mkdtemp(prefix=f"changeover-chaos-{seed}-"))
    print_line(f"seed {seed}")
    try:
        result = run_chaos(
            ChaosRun(seed, given.tenants, given.faults, given.workers, kinds),
            folder,
            print_line,
        )
    except (ClusterAway, ChangeoverError) as error:
        note(f"error: {error}")
        return 4
    print_line(f"{result.status}, {len(result.faults)} faults, {result.recoveries} recoveries")
    for line in (*str(result.report).splitlines(), *result.wrong):
        print_line(line)
    if not result.holds:
        print_line(f"FAILED; logs in {folder}; again with --seed {seed}")
        return 1
    shutil.rmtree(folder)
    return 0


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("expected a whole number of at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
