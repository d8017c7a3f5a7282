"""The history checker: reads an event log, a dump of the ledger, the broker's messages and what instances recorded,
and says whether the invariants I1 to I19 of the design held, naming the events that broke one: at
the end, or at this moment, while things run.

It shares no code with the scripts it judges, only their events and the fold of these: a mistake there must not be
repeated here.
"""

from __future__ import annotations

from orchestrator.history.broker_dump import StageMessages, read_messages
from orchestrator.history.check import check_history, check_log
from orchestrator.history.effects import Effect
from orchestrator.history.judge import judge
from orchestrator.history.ledger_dump import LedgerDump
from orchestrator.history.read_dump import read_dump, read_log
from orchestrator.history.report import INVARIANTS, Report, Violation

__all__ = [
    "INVARIANTS",
    "Effect",
    "LedgerDump",
    "Report",
    "StageMessages",
    "Violation",
    "check_history",
    "check_log",
    "judge",
    "read_dump",
    "read_log",
    "read_messages",
]
