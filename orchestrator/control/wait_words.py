"""What waiting tasks wait for besides a slot and their tenant, a sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.control.freeze_words import until_words
from orchestrator.ledger.group_reads import GroupUse
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record


def wait_words(reader: Reader, task_ids: Sequence[str], records: Sequence[Record]) -> list[str | None]:
    """Of each task and its record why it is not admitted, None when nothing of the kind keeps it."""
    freezes = reader.freezes.of(_named(records, "frozenBy"))
    uses = reader.groups.uses(_named(records, "groupFor"))
    now_ms = reader.freezes.told_now_ms() if freezes else 0
    words: list[str | None] = []
    for task_id, record in zip(task_ids, records, strict=True):
        freeze_id, group = record.get("frozenBy"), record.get("groupFor")
        if freeze_id in freezes:
            words.append(f"frozen {until_words(freezes[freeze_id], now_ms)}")
        elif freeze_id:
            words.append(f"was frozen by {freeze_id}, which has ended: a coordinator puts it back")
        elif group in uses and task_id not in uses[group].holders:
            words.append(f"waits for {group_words(uses[group])}")
        else:
            words.append(None)
    return words


def group_words(use: GroupUse) -> str:
    """``group db-7 (2 of 2 in use by acme, birch)``."""
    own = f" of plan {use.plan_id}" if use.plan_id else ""
    whom = ", ".join(use.tenants) + (", ..." if use.used > len(use.tenants) else "")
    return f"group {use.name}{own} ({use.used} of {use.limit} in use{f' by {whom}' if whom else ''})"


def _named(records: Sequence[Record], field: str) -> list[str]:
    return sorted({record[field] for record in records if record.get(field)})
