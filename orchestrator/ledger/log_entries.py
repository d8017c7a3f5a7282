"""Reads the entries of the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain import formats
from orchestrator.domain.events import Event, OtherEvent, event_from


def read_event(identifier: str, fields: Mapping[str, str], plan_id: str | None) -> Event:
    """One stream entry as an event. Short field names keep the log small; see ``scripts/includes/event.lua``.

    What a newer release has written, and this one cannot read, is an ``OtherEvent``.
    """
    wire: dict[str, Any] = json.loads(fields["d"])
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
