"""Why tasks of a plan that went back have not gone back: nothing in their status tells of most of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.domain.status import TaskState
from orchestrator.domain.typed import typed
from orchestrator.ledger.survey import TaskGroup

CAUSES_IN_SHORT: Final = 3


def stayed_words(group: TaskGroup) -> str:
    """``2 stay as they were moved: plan q has moved their tenants since``."""
    why, by, reason = group.words
    one = group.count == 1
    tenants = "its tenant" if one else "their tenants"
    rollbacks, because = "its rollback was" if one else "their rollbacks were", f" ({reason})" if reason else ""
    reasons = {
        "moved": f"plan {by} has moved {tenants} since",
        "nowhere": "there is no config to go back to",
        "damaged": "what they go by was damaged",
        "withdrawn": f"{rollbacks} withdrawn by {by}{because}",
    }
    return f"{group.count:,} {'stays as it was' if one else 'stay as they were'} moved: {reasons[why]}"


def left_behind(plan_id: str, groups: Sequence[TaskGroup]) -> str:
    """All causes in short, and the command that brings back what was withdrawn, if that is all; else where each is told
    with what answers it; "" for none."""
    told = list(_causes(groups))
    if not told:
        return ""
    more = f"; and {len(told) - CAUSES_IN_SHORT} more causes" if len(told) > CAUSES_IN_SHORT else ""
    is_withdrawn = all(group.words[0] == "withdrawn" for group in groups if group.kind in ("stayed", "failed"))
    answer = typed("rollback" if is_withdrawn else "explain", "--plan", plan_id)
    return f"not all went back: {'; '.join(told[:CAUSES_IN_SHORT])}{more}; {answer}"


def _causes(groups: Sequence[TaskGroup]) -> Iterator[str]:
    for group in groups:
        if group.kind == "stayed":
            yield stayed_words(group)
        elif group.kind == "failed" and group.words[0] == TaskState.ROLLBACK_FAILED:
            _, kind, stage = group.words
            yield f"{group.count:,} could not go back{f' in stage {stage}' if stage else ''}: {kind}"
