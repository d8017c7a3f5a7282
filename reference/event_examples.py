"""One example of each event, made from its model: a field that a model gains or loses changes what pages print."""

from __future__ import annotations

import itertools
import json
import types
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orchestrator.domain.events import EVENT_TYPES, EventBase, NamespaceEvent

START: Final = datetime(2026, 11, 24, 9, 29, 35, 20000, UTC)

_FAILURE: Final = {
    "type": "HealthCheckFailed",
    "message": "1 of 2 instances not there after 10 attempts: gw-2 says version 41",
    "stageName": "switch-gateway",
    "stepName": "health-check",
}
_VALUES: Final[dict[str, Any]] = {
    "plan_id": "blue-to-green-1",
    "task_id": "blue-to-green-1.0",
    "tenant_id": "acme",
    "stage_name": "switch-gateway",
    "name": "Blue to green",
    "actor": "ada@ops-1",
    "request_id": "8f6d0c1e5b7a4f0e9c3b2a1d00f1e2d3",
    "failure_info": _FAILURE,
    "failed_stage": "switch-gateway",
    "last_stage": "switch-gateway",
    "stages_to_rollback": ["switch-portal", "switch-gateway"],
    "restored": {"deployUnitId": 99, "deployUnitName": "blue", "deployUnitVersion": 41},
    "cancelled_by": {"kind": "manual", "actor": "ada@ops-1"},
    "operation": "pause",
    "target_type": "plan",
    "target_id": "blue-to-green-1",
    "holder": "hotfix-7.0",
    "total_stages": 3,
    "completed_stages": 1,
    "duration_millis": 714,
    "epoch": 12,
    "max_concurrency": 10,
    "total_tasks": 40,
    "completed_tasks": 12,
    "wave": "canary",
    "from_checkpoint": True,
    "success": True,
    "reason": "looks good",
    "tenants": 4,
    "until": START + timedelta(minutes=10),
    "freeze_id": "f-3",
    "tolerance": 0,
    "action": "pause",
    "failed": 1,
}
_OF_TYPE: Final[dict[str, dict[str, Any]]] = {
    "PlanValidationFailed": {"reason": "nobody went on with it for an hour"},
    "PlanPurged": {"reason": "retention_seconds is over", "actor": "system"},
    "PlanWaveCompleted": {"failed": 0},
    "PlanGateRejected": {"reason": "latency is up"},
    "TaskFailureAccepted": {"reason": "known: the monitor was down"},
    "TaskStageSkipped": {"reason": "done by hand"},
    "FreezeSet": {"reason": "the sale", "scope": {"tenants": "eu-*"}},
    "FreezeLifted": {"reason": "the sale is over"},
    "GroupLimitsSet": {"limits": {"database-7": 2}},
    "TokenCreated": {"name": "on-call", "role": "operator"},
    "TokenRevoked": {"name": "on-call", "reason": "left us"},
    "SignInFailed": {"address": "192.0.2.7", "shown": "token"},
    "SignInLinkMade": {"name": "up:ada"},
    "WebhookRequested": {"webhook": "ops", "operation": "resend-letters", "count": 3, "reason": "it is up again"},
    "TaskCompleted": {"duration_millis": 5120, "completed_stages": 3},
    "TaskCreated": {"wave": 0, "labels": {"region": "eu"}},
    "TaskWaiting": {"reason": "the tenant is held by another task"},
    "TaskRecovered": {"reason": "its worker was lost"},
    "TaskSoakFailed": {"failure_info": _FAILURE | {"message": "acme-1 says version 41", "stageName": None}},
    "OperationRequested": {"reason": "error rate is up", "task_id": None, "tenant_id": None},
}


def example(kind: type[EventBase], number: int = 1) -> EventBase:
    """The event of this type; fields that have a default and no better value keep it."""
    given = _VALUES | _OF_TYPE.get(kind.__name__, {})
    occurred_at = START + timedelta(milliseconds=11 * number)
    values: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if name in ("plan_id", "plan_sequence_id") and issubclass(kind, NamespaceEvent):
            continue
        if name in ("sequence_id", "plan_sequence_id"):
            values[name] = number
        elif name == "occurred_at":
            values[name] = occurred_at
        elif name == "ledger_clock_millis":
            values[name] = round(occurred_at.timestamp() * 1000)
        elif name in given:
            values[name] = given[name]
        elif field.is_required() and name != "type":
            values[name] = _any_of(field)
    return kind.model_validate(values)


def event_lines(names: Iterable[str]) -> list[str]:
    """These events as ``changeover events --json`` prints them, one after the other. Raises ``KeyError``."""
    kinds = {kind.__name__: kind for kind in EVENT_TYPES}
    chosen = list(kinds.values()) if list(names) == ["all"] else [kinds[name] for name in names]
    found = (example(kind, number) for number, kind in zip(itertools.count(7), chosen, strict=False))
    return [json.dumps(event.model_dump(mode="json", by_alias=True)) for event in found]


def _any_of(field: FieldInfo) -> Any:
    """Some value of the field's type."""
    kind: Any = field.annotation
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    plain: dict[Any, Any] = {str: "...", int: 1, float: 1.0, bool: False, datetime: START}
    if kind in plain:
        return plain[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {}
    return [] if get_origin(kind) in (list, tuple) else {}
