"""Which freezes are set, as their log tells it: what their records are held against."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from orchestrator.domain.events import FreezeLifted, FreezeSet
from orchestrator.fleet.freezes import FreezeRecord, Scope
from orchestrator.ledger.freeze_reads import FreezeReads

SOON_MS: Final = 60_000
"""One that is over by then may end by itself before anybody has looked."""


class FreezeLog:
    """Reads on where it stopped; of a namespace whose log began anew, from the start."""

    def __init__(self, reads: FreezeReads) -> None:
        self._reads = reads
        self._set: dict[str, FreezeRecord] = {}
        self.upto = ""
        """Id of the newest entry that was read; "" for none."""

    def not_lifted(self, now_ms: int) -> dict[str, FreezeRecord]:
        """Those that were set, not lifted, and are not over soon, with the windows from now on. The log is capped: of
        one that was set too long ago it tells nothing."""
        if self._reads.newest_entry() < _number(self.upto):
            self._set, self.upto = {}, ""
        for entry, event in self._reads.own_events(self.upto):
            self.upto = entry
            if isinstance(event, FreezeSet):
                self._set[event.freeze_id] = _record_of(event)
            elif isinstance(event, FreezeLifted):
                self._set.pop(event.freeze_id, None)
        planned = {name: record.planned(now_ms) for name, record in self._set.items()}
        found = {name: record for name, record in planned.items() if record.state(now_ms + SOON_MS) != (False, None)}
        self._set = {name: self._set[name] for name in found}
        return found


def _record_of(event: FreezeSet) -> FreezeRecord:
    return FreezeRecord(
        Scope(event.scope.tenants, event.scope.label),
        event.actor,
        event.reason,
        _ms(event.occurred_at),
        None if event.from_ is None else _ms(event.from_),
        None if event.until is None else _ms(event.until),
        event.every,
        event.rollbacks_too,
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _number(entry: str) -> int:
    return int(entry.partition("-")[0] or 0)
