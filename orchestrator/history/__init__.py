"""The history checker: reads a whole event log, a dump of the ledger and what instances recorded, and says whether the
invariants I1 to I12 of the design held, naming the events that broke one.

It shares no code with the scripts it judges, only their event models: a mistake there must not be repeated here.
"""

from __future__ import annotations

from orchestrator.history.check import check_history
from orchestrator.history.effects import Effect
from orchestrator.history.ledger_dump import LedgerDump, read_dump
from orchestrator.history.report import INVARIANTS, Report, Violation

__all__ = ["INVARIANTS", "Effect", "LedgerDump", "Report", "Violation", "check_history", "read_dump"]
