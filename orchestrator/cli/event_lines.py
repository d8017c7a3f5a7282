"""An event as one line for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.domain.events.base import NOT_FOR_PEOPLE

_HEAD = ("sequenceId", "planSequenceId", "type", "planId", "taskId", "tenantId", "stageName", "occurredAt")


def event_line(event: Mapping[str, Any]) -> str:
    """``12  08:30:01  TaskStageStarted  acme  switch-gateway  epoch=3``: time of day in UTC, details last."""
    occurred = str(event.get("occurredAt", ""))
    clock = occurred[11:19] if "T" in occurred else occurred
    where = [str(event[name]) for name in ("tenantId", "stageName") if event.get(name)]
    if not event.get("tenantId"):
        where.insert(0, str(event.get("planId") or event.get("freezeId") or ""))
    unsaid = (*_HEAD, *NOT_FOR_PEOPLE)
    details = [f"{key}={_short(value)}" for key, value in event.items() if key not in unsaid and value is not None]
    return "  ".join([str(event.get("sequenceId", "")), clock, str(event.get("type", "")), *where, *details])


def _short(value: Any) -> str:
    """Text in one line; what is no text as `--json` says it, whole and without what is not set."""
    if isinstance(value, Mapping):
        value = value.get("message") or value.get("type") or value
    if not isinstance(value, str):
        return json.dumps(_set_parts(value), ensure_ascii=False)
    text = " ".join(value.split())
    return text if len(text) <= 200 else text[:200] + "…"


def _set_parts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _set_parts(part) for key, part in value.items() if part is not None}
    return [_set_parts(part) for part in value] if isinstance(value, list) else value
