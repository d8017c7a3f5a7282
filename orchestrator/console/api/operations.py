"""What a person can ask of a plan, a task or a tenant. Refused is 409; the problem's ``result`` says how it stands."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Path, Request

from orchestrator.client import Client
from orchestrator.console.access.roles import MayApprove, MayOperate, MayOverrideFreeze, MayRelease, Permission
from orchestrator.console.api.bodies import (
    GATE,
    PLAIN,
    RESUME,
    RETRY,
    UNFORCED,
    AcceptAsked,
    Asked,
    ExcludeAsked,
    Forceable,
    GateAsked,
    PlanId,
    RequestId,
    ResumeAsked,
    RetryAsked,
    TaskId,
    TenantIdPath,
    named,
)
from orchestrator.console.api.json_answers import MaskedJson, answered
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import OperationResult
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.target import OperationTarget, TargetType, order_about
from orchestrator.domain.errors import Problem
from orchestrator.ledger.operations import Operation

router = APIRouter(tags=["operations"], default_response_class=MaskedJson)
_ROOMS: dict[TargetType, str] = {
    "plan": "/plans/{planId:plan}",
    "task": "/tasks/{taskId:id}",
    "tenant": "/tenants/{tenantId:id}",
}


def _operate(
    client: Client, operation: Operation, target: OperationTarget, actor: str, key: str | None, body: Any
) -> Any:
    flags = ("from_scratch", "force", "override_freeze", "accept_failures")
    how = {name: getattr(body, name) for name in flags if hasattr(body, name)}
    narrowing = _narrowing(body)
    wrong = narrowing.problems()
    if narrowing and target.type != "plan":
        wrong.append(Problem("", None, "stage, cause, tenants and cancelled narrow the retry of a plan"))
    order = order_about({f"{target.type}_id": target.identifier}, actor, body.reason, key, wrong, **how)
    if narrowing:
        return client.retry_some(target.identifier, narrowing, order)
    return client.operate(operation, target, order)


def _narrowing(body: Any) -> Narrowing:
    if not isinstance(body, RetryAsked):
        return Narrowing()
    return Narrowing(body.stage, body.cause, body.tenants, body.cancelled)


def _add(kind: TargetType, at: str) -> None:
    """The operations that a plan, a task and a tenant have in common."""
    identifier_of: Any = Path(alias=f"{kind}Id")

    @router.post(f"{at}/pause", operation_id=f"pause_{kind}", response_model=OperationResult)
    def pause(
        request: Request,
        client: ConsoleClient,
        actor: MayOperate,
        key: RequestId,
        identifier: str = identifier_of,
        body: Asked = PLAIN,
    ) -> Any:
        """Stops between two stages: what runs finishes its stage, what waits does not start."""
        target = OperationTarget(kind, identifier)
        return answered(_operate(client, Operation.PAUSE, target, named(actor, body), key, body), request)

    @router.post(f"{at}/resume", operation_id=f"resume_{kind}", response_model=OperationResult)
    def resume(
        request: Request,
        client: ConsoleClient,
        actor: MayOperate,
        key: RequestId,
        identifier: str = identifier_of,
        body: ResumeAsked = RESUME,
    ) -> Any:
        """Goes on after a pause, from the checkpoint."""
        target = OperationTarget(kind, identifier)
        return answered(_operate(client, Operation.RESUME, target, named(actor, body), key, body), request)

    @router.post(f"{at}/cancel", operation_id=f"cancel_{kind}", response_model=OperationResult)
    def cancel(
        request: Request,
        client: ConsoleClient,
        actor: MayOperate,
        key: RequestId,
        identifier: str = identifier_of,
        body: Asked = PLAIN,
    ) -> Any:
        """Gives up: what waits at once, what runs when its stage ends. Withdraws a rollback that has not begun."""
        target = OperationTarget(kind, identifier)
        return answered(_operate(client, Operation.CANCEL, target, named(actor, body), key, body), request)

    @router.post(f"{at}/retry", operation_id=f"retry_{kind}", response_model=OperationResult)
    def retry(
        request: Request,
        client: ConsoleClient,
        actor: MayOperate,
        key: RequestId,
        identifier: str = identifier_of,
        body: RetryAsked = RETRY,
    ) -> Any:
        """Runs what failed again, from its checkpoint or from scratch; of a plan all, or what is named."""
        if body.override_freeze is not None:
            actor.require(Permission.OVERRIDE_FREEZE)
        target = OperationTarget(kind, identifier)
        return answered(_operate(client, Operation.RETRY, target, named(actor, body), key, body), request)

    @router.post(f"{at}/rollback", operation_id=f"rollback_{kind}", response_model=OperationResult)
    def rollback(
        request: Request,
        client: ConsoleClient,
        actor: MayOperate,
        key: RequestId,
        identifier: str = identifier_of,
        body: Forceable = UNFORCED,
    ) -> Any:
        """Goes back to the old config, stage by stage, verified."""
        target = OperationTarget(kind, identifier)
        return answered(_operate(client, Operation.ROLLBACK, target, named(actor, body), key, body), request)

    @router.post(f"{at}/accept", operation_id=f"accept_{kind}", response_model=OperationResult)
    def accept(
        request: Request,
        client: ConsoleClient,
        actor: MayOperate,
        key: RequestId,
        body: AcceptAsked,
        identifier: str = identifier_of,
    ) -> Any:
        """Lets failures not count any more: not for a breaker, not for the end of their plan. Needs a reason."""
        target = {f"{kind}_id": identifier}
        result = client.accept(reason=body.reason, cause=body.cause, actor=named(actor, body), request_id=key, **target)
        return answered(result, request)


for _kind, _at in _ROOMS.items():
    _add(_kind, _at)


@router.post("/plans/{planId:plan}/approve", response_model=OperationResult)
def post_approval(
    plan_id: PlanId,
    request: Request,
    client: ConsoleClient,
    actor: MayApprove,
    key: RequestId,
    body: GateAsked = GATE,
) -> Any:
    """Lets a plan go on behind a wave that waits for its gate."""
    result = client.approve(plan_id, body.wave, reason=body.reason, actor=named(actor, body), request_id=key)
    return answered(result, request)


@router.post("/plans/{planId:plan}/reject", response_model=OperationResult)
def post_rejection(
    plan_id: PlanId,
    request: Request,
    client: ConsoleClient,
    actor: MayApprove,
    key: RequestId,
    body: GateAsked = GATE,
) -> Any:
    """Says no to the gate that a plan waits for: it is paused. A resume asks it again, an approval lets it go on."""
    result = client.reject(plan_id, body.wave, reason=body.reason, actor=named(actor, body), request_id=key)
    return answered(result, request)


@router.post("/plans/{planId:plan}/exclude", response_model=OperationResult)
def post_exclusion(
    plan_id: PlanId,
    request: Request,
    client: ConsoleClient,
    actor: MayOperate,
    key: RequestId,
    body: ExcludeAsked,
) -> Any:
    """Takes waiting tenants out of a plan: they are CANCELLED, and no failures. Needs a reason."""
    result = client.exclude(plan_id, body.tenants, reason=body.reason, actor=named(actor, body), request_id=key)
    return answered(result, request)


@router.post("/plans/{planId:plan}/override-freeze", response_model=OperationResult)
def post_override(
    plan_id: PlanId,
    request: Request,
    client: ConsoleClient,
    actor: MayOverrideFreeze,
    key: RequestId,
    body: Asked,
) -> Any:
    """Lets a plan pass all freezes from now on. Needs a reason."""
    result = client.override_freeze(plan_id, reason=body.reason, actor=named(actor, body), request_id=key)
    return answered(result, request)


@router.post("/tasks/{taskId:id}/skip-stage", response_model=OperationResult)
def post_skip(
    task_id: TaskId,
    request: Request,
    client: ConsoleClient,
    actor: MayOperate,
    key: RequestId,
    body: Asked,
) -> Any:
    """Lets a failed task go on behind the stage that failed, which is recorded as skipped. Needs a reason."""
    result = client.skip_stage(task_id, reason=body.reason, actor=named(actor, body), request_id=key)
    return answered(result, request)


@router.post("/tenants/{tenantId:id}/release", response_model=OperationResult)
def post_release(
    tenant_id: TenantIdPath,
    request: Request,
    client: ConsoleClient,
    actor: MayRelease,
    key: RequestId,
    body: Forceable,
) -> Any:
    """Takes a tenant from the task that holds it, which fails and can record nothing more. Needs a reason."""
    who = {"actor": named(actor, body), "request_id": key}
    return answered(client.release_tenant(tenant_id, reason=body.reason, force=body.force, **who), request)
