"""What waiting tasks wait for besides a slot and their tenant, a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.control.freeze_words import until_words
from orchestrator.ledger.reader import Reader


def wait_words(reader: Reader, records: Sequence[Mapping[str, str]]) -> list[str | None]:
    """Of each task's record why it is not admitted, None when nothing of the kind keeps it."""
    freezes = reader.freezes.of(sorted({one["frozenBy"] for one in records if one.get("frozenBy")}))
    now_ms = reader.freezes.told_now_ms() if freezes else 0
    words: list[str | None] = []
    for record in records:
        freeze_id = record.get("frozenBy")
        if not freeze_id:
            words.append(None)
        elif freeze_id in freezes:
            words.append(f"frozen {until_words(freezes[freeze_id], now_ms)}")
        else:
            words.append(f"was frozen by {freeze_id}, which has ended: a coordinator puts it back")
    return words
