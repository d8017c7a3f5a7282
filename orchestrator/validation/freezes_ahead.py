"""Which freezes a plan's tenants meet: read once for a preview."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.control.freeze_words import moment_words, until_words, whom_it_stops
from orchestrator.ledger.freeze_reads import FreezeReads


class FreezesAhead:
    """All that are set now, as a person is told of them."""

    def __init__(self, reads: FreezeReads) -> None:
        self._now_ms = reads.told_now_ms()
        self._freezes = reads.all()

    def of(self, tenant_id: str, labels: Mapping[str, str]) -> list[str]:
        """Those that cover the tenant: in force, or to come."""
        found = []
        for freeze in self._freezes:
            record = freeze.record
            if record is None:
                found.append(f"frozen by {freeze.freeze_id}, whose record is damaged: {whom_it_stops(freeze)}")
            elif record.scope.covers(tenant_id, labels):
                in_force, changes_ms = record.state(self._now_ms)
                if in_force:
                    found.append(f"frozen by {freeze.freeze_id} {until_words(record, self._now_ms)}")
                elif changes_ms is not None:
                    begins = moment_words(record, changes_ms)
                    found.append(f"frozen by {freeze.freeze_id} from {begins} by {record.actor} ({record.reason})")
        return found
