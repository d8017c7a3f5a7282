"""A freeze in words, for whoever waits for it."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.fleet.calendar import parse_recurrence
from orchestrator.fleet.freezes import FreezeRecord
from orchestrator.ledger.freeze_reads import StoredFreeze


def moment_words(record: FreezeRecord, moment_ms: int) -> str:
    """``Mon 2026-12-07 08:00 Europe/Berlin``: in the freeze's own zone, if it has one."""
    zone = UTC if record.every is None else parse_recurrence(record.every).zone
    name = "UTC" if record.every is None else str(zone)
    moment = datetime.fromtimestamp(moment_ms / 1000, zone)
    seconds = f":{moment:%S}" if moment.second else ""
    return f"{moment:%a %Y-%m-%d %H:%M}{seconds} {name}"


def until_words(record: FreezeRecord, now_ms: int) -> str:
    """``until Mon 2026-12-07 08:00 UTC by ops-7 (quarter end)``."""
    _, changes_ms = record.state(now_ms)
    if changes_ms is not None:
        end = f"until {moment_words(record, changes_ms)}"
    elif not record.has_run_out(now_ms):
        end = "until it is lifted"
    else:
        end = "until its times are worked out anew, which a coordinator does"
    return f"{end} by {record.actor} ({record.reason})"


def whom_it_stops(freeze: StoredFreeze) -> str:
    """Whom one stops whose record cannot be read: ``it stops tenants eu-*``. Once that is worked out anew it stops all,
    since nobody can say any more whom it was for."""
    at = freeze.looked_at_ms
    now = f"it stops {freeze.stops}" if freeze.stops is not None else "it stops nobody now"
    if at is None or (freeze.stops is not None and str(freeze.stops) == "all tenants"):
        return now
    return f"{now}, and may stop all tenants from {datetime.fromtimestamp(at / 1000, UTC):%a %Y-%m-%d %H:%M} UTC"
