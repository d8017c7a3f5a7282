"""Who asked for what still lasts (a pause, a cancel), and why: kept beside the last operation, which others replace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from orchestrator.control.answers import PausedBy
from orchestrator.domain.status import PlanState
from orchestrator.domain.stored_json import read_stored
from orchestrator.ledger.log_entries import iso, moment
from orchestrator.ledger.records import Record

_KEPT_AS: Final = {"pause": "pausedFor", "cancel": "cancelledFor"}
_SAME: Final = {"cancel": ("cancel", "exclude")}
_POLICY: Final = "policy"
"""Who pauses a plan whose breaker trips."""


@dataclass(frozen=True, slots=True)
class WasAsked:
    """An operation as it was asked for; ``gate``: name of the wave whose gate was rejected by it, else ""."""

    actor: str
    reason: str
    at_ms: str
    gate: str = ""

    @property
    def by(self) -> str:
        """`` by ada (lunch)``."""
        return f" by {self.actor}" + (f" ({self.reason})" if self.reason else "")


def asked_for(record: Record, operation: str) -> WasAsked | None:
    """Who asked for this operation, as far as it is kept: what lasts has its own place; of others, and in records of
    before 0.2, only the last operation is known."""
    for field in filter(None, (_KEPT_AS.get(operation), "lastOperation")):
        told: dict[str, Any] = read_stored(record.get(field) or "{}")
        if told.get("operation") in _SAME.get(operation, (operation,)):
            gate = (told.get("options") or {}).get("gate", "")
            return WasAsked(told["actor"], told["reason"], str(told["at"]), gate)
    return None


def paused_by(record: Record) -> PausedBy | None:
    """Who stopped a plan or task that is paused, or is pausing; None for one that is not, or where it is not known."""
    if record.get("pauseRequested") != "1" and record.get("status") != PlanState.PAUSED:
        return None
    asked = asked_for(record, "pause")
    if asked is None:
        return None
    kind = "gate" if asked.gate else "breaker" if asked.actor == _POLICY else "person"
    at = moment(asked.at_ms)
    return PausedBy(
        kind=kind, actor=asked.actor, reason=asked.reason, at=iso(at) if at else "", wave=asked.gate or None
    )


def paused_words(by: PausedBy | None) -> str:
    """To stand behind "paused": `` by ada (lunch)``, ``: the gate of wave canary is rejected by ada (looks bad)``."""
    if by is None:
        return ""
    whom = f" by {by.actor}" + (f" ({by.reason})" if by.reason else "")
    return f": the gate of wave {by.wave} is rejected{whom}" if by.kind == "gate" else whom
