"""Reads the entries of the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from orchestrator.domain import formats
from orchestrator.domain.errors import quoted_value
from orchestrator.domain.events import Event, OtherEvent, event_from, first_fault
from orchestrator.domain.stored_json import read_stored

UNREADABLE: Final = "EventUnreadable"
"""Type of what stands for an entry of which not even the type can be read; its ``reason`` says what is wrong."""


def event_of(identifier: str, fields: Mapping[str, str], plan_id: str | None) -> Event:
    """One stream entry as an event. One that a hand has damaged, so that it lacks what every event carries, hides none
    behind it: its number is right, ``plan_sequence_id`` 0, ``plan_id`` perhaps "" and ``occurred_at`` 1970."""
    try:
        return read_event(identifier, fields, plan_id)
    except ValidationError as error:
        reason = first_fault(error)
    except KeyError as error:
        reason = f"field {error} is missing"
    except (ValueError, TypeError, OverflowError, OSError) as error:
        reason = quoted_value(str(error))
    stands = {
        "sequenceId": int(identifier.partition("-")[0]),
        "planSequenceId": 0,
        "type": UNREADABLE,
        "reason": reason,
    }
    stands |= {"planId": plan_id or fields.get("l", ""), "occurredAt": datetime.fromtimestamp(0, UTC)}
    return OtherEvent.damaged(stands, reason)


def read_event(identifier: str, fields: Mapping[str, str], plan_id: str | None) -> Event:
    """One stream entry as an event. Short field names keep the log small; see ``scripts/includes/event.lua``.

    What a newer release has written, and this one cannot read, is an ``OtherEvent``.
    """
    wire: dict[str, Any] = read_stored(fields["d"])
    wire |= {
        "sequenceId": int(identifier.partition("-")[0]),
        "planSequenceId": int(fields["p"]),
        "type": fields["e"],
        "planId": plan_id or fields["l"],
        "occurredAt": moment(fields["t"]),
    }
    optional = {"taskId": fields["k"], "tenantId": fields["n"], "stageName": fields["s"]}
    wire |= {name: value for name, value in optional.items() if value}
    if int(fields.get("f", 1)) > formats.EVENT:
        return OtherEvent.model_validate(wire)
    return event_from(wire)


def moment(milliseconds: str | None) -> datetime | None:
    """A stored time as UTC."""
    return None if not milliseconds else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def iso(time: datetime) -> str:
    """As every answer tells a time: UTC, to the millisecond, ``2026-11-24T09:29:35.097Z``."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
