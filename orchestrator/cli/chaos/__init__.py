"""Faults while a plan runs, on a throw-away cluster of this machine, judged by the history checker.

For who has the package and not the project: does it hold here, on this machine, with these steps installed? The
project's own runs (``make chaos``) know many more faults.
"""

from __future__ import annotations

from orchestrator.cli.chaos.faults import CLUSTER_FAULTS
from orchestrator.cli.chaos.run import ChaosResult, ChaosRun, run_chaos

__all__ = ["CLUSTER_FAULTS", "ChaosResult", "ChaosRun", "run_chaos"]
