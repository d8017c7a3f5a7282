"""Drives a real ledger without processes: every verb by task id, and the coordinator's round as a plain call.

A task's own record says which turn is due, so a test names tasks only. What a worker would know (the record of a begun
turn) is kept here between begin and end.
"""

from __future__ import annotations

from tests.support.ledger_world.rows import FAILURE, ME, SOURCE, STAGES, config
from tests.support.ledger_world.world import LedgerWorld

__all__ = ["FAILURE", "ME", "SOURCE", "STAGES", "LedgerWorld", "config"]
