"""Questions about anything: why it does not move, whether the installation is well, who is no longer there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from orchestrator.console.access.offered import explanation_for
from orchestrator.console.access.roles import MayRead
from orchestrator.console.api.json_answers import MaskedJson, json_lines
from orchestrator.console.api.shared import SharedParts
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import Diagnosis, Explanation
from orchestrator.control.page_answers import TargetFound
from orchestrator.control.target import explained_target

router = APIRouter(tags=["looks"], default_response_class=MaskedJson)


@router.get("/explain", response_model=Explanation)
def get_explanation(
    client: ConsoleClient,
    shared: SharedParts,
    actor: MayRead,
    plan: str | None = None,
    task: str | None = None,
    tenant: str | None = None,
    whole: Annotated[
        bool, Query(description="Look at every task of the plan for damage, also of more than 20,000.")
    ] = False,
) -> Explanation:
    """Why a plan, a task or a tenant does not move, in plain sentences, and what to type next. Give exactly one."""
    target = explained_target(whole, plan_id=plan, task_id=task, tenant_id=tenant)

    def look() -> Explanation:
        return client.explain(whole=whole, **{f"{target.type}_id": target.identifier})

    found = shared.recent.get(("explain", target, whole), look) if target.type == "plan" else look()
    return explanation_for(actor, found)


@router.get("/doctor", response_model=Diagnosis)
def get_diagnosis(client: ConsoleClient, shared: SharedParts, actor: MayRead) -> Diagnosis:
    """Looks the installation over: servers, processes, plans. 200 also when something is wrong: see `healthy`."""
    return shared.recent.get("doctor", client.doctor)


@router.get("/drift")
def get_drift(
    client: ConsoleClient,
    actor: MayRead,
    plan: Annotated[str | None, Query(description="Of this plan's tenants.")] = None,
    tenant: Annotated[str | None, Query(description="Of tenants of this id or pattern (`eu-*`).")] = None,
) -> Response:
    """Asks the instances of what was moved once more: a tenant a line, then how many are there, drifted, not judged."""
    return json_lines(client.drift(plan_id=plan, tenants=tenant))


@router.get("/targets/{identifier:id}", response_model=TargetFound)
def get_target(
    identifier: str,
    client: ConsoleClient,
    actor: MayRead,
    plan_first: Annotated[bool, Query(alias="planFirst", description="Of several the plan; else 422.")] = False,
) -> TargetFound:
    """Whether a plan, a task or a tenant has this id."""
    found = client.target(identifier, plan_first=plan_first)
    return TargetFound(type=found.type, identifier=found.identifier)
