"""How far the retry of a whole plan is, and what it could not retry, for `explain`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from orchestrator.control.replies import refusals


def plan_retry(record: Mapping[str, str]) -> list[str]:
    """Sentences from the plan's record: while it is under way, and after it when something was refused."""
    asked = json.loads(record.get("retryAsked", "{}"))
    reason = f" ({asked['reason']})" if asked.get("reason") else ""
    by = f"the retry by {asked.get('by')}{reason}"
    retried, refused = int(record.get("retryRetried", 0)), int(record.get("retryRefused", 0))
    named = refusals(json.loads(record.get("retryRefusals", "[]")))
    more = f": {named}" if named else ""
    if refused > 10:
        more += "; ..."
    if "retryCursor" in record:
        looked = f"{record['retryCursor']} of {record['total']} tasks looked at"
        return [f"{by} is under way: {looked}, {retried} put back, {refused} refused{more}; a coordinator goes on"]
    return [f"{by} put {retried} back and was refused {refused}{more}"] if refused else []
