"""How far the retry of a whole plan is, and what it could not retry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from orchestrator.control.answers import Remark
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.replies import refusals
from orchestrator.domain.stored_json import counted_number, read_stored
from orchestrator.domain.typed import typed

NAMED: Final = 10
"""Refusals that the plan's record names; the others it counts."""


def plan_retry(plan_id: str, record: Mapping[str, str]) -> Iterator[Remark]:
    """From the plan's record: while it is under way, and after it when something was refused. Where a hand has taken
    away what was asked, nobody goes on with it: the record is told as damaged."""
    if "retryAsked" not in record:
        return
    asked = read_stored(record["retryAsked"])
    reason = f" ({asked['reason']})" if asked.get("reason") else ""
    by = f"the retry by {asked.get('by')}{reason}"
    retried, refused = (counted_number(record.get(name)) or 0 for name in ("retryRetried", "retryRefused"))
    named = refusals(read_stored(record.get("retryRefusals", "[]"))) + ("; ..." if refused > NAMED else "")
    if "retryCursor" in record:
        looked = f"{record['retryCursor']} of {record['total']} tasks looked at"
        yield remark(
            Situation.PLAN_RETRYING,
            f"{by} is under way: {looked}, {retried} put back, {refused} refused; a coordinator goes on",
        )
    if refused:
        sentence = f"{by} put {retried} back and was refused {refused}: {named}"
        yield remark(Situation.PLAN_RETRY_REFUSED, sentence, typed("status", plan_id, "--failed"))
