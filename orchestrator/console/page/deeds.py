"""What the dialogs' buttons do: one call of ``Client`` each, in the name of who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult, PurgeResult
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.target import order_of, target_of
from orchestrator.ledger.operations import Operation, Order


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form said. ``ticked``: the names of its boxes that are ticked."""

    reason: str
    request_id: str
    ticked: frozenset[str] = frozenset()
    wave: str = ""
    cause: str = ""
    stage: str = ""
    tenants: str = ""


def do_to_plan(client: Client, plan_id: str, verb: str, wish: Wish, actor: str) -> OperationResult | PurgeResult:
    """Does it. Raises as ``Client`` does, and ``KeyError`` for a verb that there is not."""
    who: Mapping[str, Any] = {"reason": wish.reason, "actor": actor, "request_id": wish.request_id}
    match verb:
        case "approve" | "reject":
            return (client.approve if verb == "approve" else client.reject)(plan_id, wish.wave or None, **who)
        case "accept":
            return client.accept(plan_id=plan_id, cause=wish.cause or None, **who)
        case "exclude":
            return client.exclude(plan_id, wish.tenants, **who)
        case "override-freeze":
            return client.override_freeze(plan_id, **who)
        case "purge":
            return client.purge(plan_id, **who)
        case "retry" if wish.cause:
            return client.retry_some(plan_id, Narrowing(wish.stage or None, wish.cause), _order(wish, actor))
        case "retry-cancelled":
            return client.retry_some(plan_id, Narrowing(cancelled=True), _order(wish, actor))
    return _operate(client, verb, wish, actor, plan_id=plan_id)


def do_to_task(client: Client, task_id: str, tenant_id: str, verb: str, wish: Wish, actor: str) -> OperationResult:
    """The same of one task."""
    who: Mapping[str, Any] = {"reason": wish.reason, "actor": actor, "request_id": wish.request_id}
    match verb:
        case "skip-stage":
            return client.skip_stage(task_id, **who)
        case "accept":
            return client.accept(task_id=task_id, **who)
        case "release":
            return client.release_tenant(tenant_id, force="force" in wish.ticked, **who)
    return _operate(client, verb, wish, actor, task_id=task_id)


def _operate(client: Client, verb: str, wish: Wish, actor: str, **target: str) -> OperationResult:
    return client.operate(Operation(verb), target_of(**target), _order(wish, actor))


def _order(wish: Wish, actor: str) -> Order:
    names = ("from_scratch", "force", "accept_failures")
    how: dict[str, Any] = {name: True for name in names if name in wish.ticked}
    if "override_freeze" in wish.ticked:
        how["override_freeze"] = wish.reason or "asked for on the console's page"
    return order_of(actor, wish.reason, wish.request_id, **how)
