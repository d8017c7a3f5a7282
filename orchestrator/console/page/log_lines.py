"""An event as a line of the page's log: when, what, of whom, and the rest in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.events import Event
from orchestrator.domain.events.base import NOT_FOR_PEOPLE

MOST: Final = 240
"""Characters of the details that are shown."""

_HEAD: Final = frozenset(
    {"sequenceId", "planSequenceId", "type", "planId", "taskId", "tenantId", "stageName", "occurredAt", "requestId"}
)
_BAD: Final = ("Failed", "Tripped", "Rejected")
_GOOD: Final = ("Completed", "Succeeded", "Approved", "RolledBack")
_ASKED: Final = frozenset(
    {"OperationRequested", "FreezeSet", "FreezeLifted", "TaskFailureAccepted", "TaskStageSkipped"}
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """``tone``: bad, good, asked (by a person) or plain."""

    sequence: int
    at: str
    type: str
    tone: str
    plan_id: str
    tenant_id: str
    stage: str
    actor: str
    words: str


def log_line(event: Event) -> LogLine:
    """The event as a line; nothing of it is escaped yet."""
    told: dict[str, Any] = event.model_dump(mode="json", by_alias=True, exclude_none=True)
    kind = str(told.get("type", ""))
    actor = str(told.get("actor") or told.get("cancelledBy") or "")
    return LogLine(
        sequence=event.sequence_id,
        at=str(told.get("occurredAt", "")),
        type=kind,
        tone=_tone(kind),
        plan_id=str(told.get("planId") or ""),
        tenant_id=str(told.get("tenantId") or ""),
        stage=str(told.get("stageName") or ""),
        actor=actor,
        words=_words(kind, told),
    )


def _tone(kind: str) -> str:
    if kind.endswith(_BAD):
        return "bad"
    if kind in _ASKED:
        return "asked"
    return "good" if kind.endswith(_GOOD) else "plain"


def _words(kind: str, told: Mapping[str, Any]) -> str:
    failure = told.get("failureInfo")
    if isinstance(failure, Mapping):
        return _cut(f"{failure.get('type')}: {failure.get('message')}")
    if kind == "OperationRequested":
        of = "" if told.get("targetType") == "plan" else f" of task {told.get('targetId')}"
        reason = f": {told['reason']}" if told.get("reason") else ""
        return _cut(f"{told.get('operation')}{of}{reason}")
    if "durationMillis" in told:
        return f"after {told['durationMillis'] / 1000:,.1f} s"
    unsaid = {*_HEAD, *NOT_FOR_PEOPLE, "actor"}
    rest = {key: value for key, value in told.items() if key not in unsaid and value not in ([], {}, "")}
    return _cut(" · ".join(f"{_spaced(key)} {_plain(value)}" for key, value in rest.items()))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return f"({len(value)})" if value and isinstance(value[0], Mapping) else ", ".join(str(one) for one in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _spaced(key: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in key)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST else line[:MOST] + "…"
