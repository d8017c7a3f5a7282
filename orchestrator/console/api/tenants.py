"""Tenants: what each runs, who holds it, who moved it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from orchestrator.console.access.roles import MayRead
from orchestrator.console.api.bodies import Limit, PageCursor, TenantIdPath
from orchestrator.console.api.json_answers import MaskedJson
from orchestrator.console.parts import ConsoleClient
from orchestrator.control.answers import TaskStatus
from orchestrator.control.page_answers import TenantPage, TenantView

router = APIRouter(tags=["tenants"], default_response_class=MaskedJson)


@router.get("/tenants", response_model=TenantPage)
def get_tenants(
    client: ConsoleClient,
    actor: MayRead,
    label: Annotated[str | None, Query(description="Only tenants with this label, such as `region=eu`.")] = None,
    tenant: Annotated[str | None, Query(description="Only tenants of this id or pattern (`eu-*`).")] = None,
    limit: Limit = 50,
    cursor: PageCursor = None,
) -> TenantPage:
    """Tenants, those of the newest plans first. There is no index of them: a page may be short, or empty, and end
    nothing; only one without `nextCursor` is the last."""
    return client.tenants(label=label, pattern=tenant, limit=limit, cursor=cursor)


@router.get("/tenants/{tenantId:id}/task", response_model=TaskStatus)
def get_task_of_tenant(
    tenant_id: TenantIdPath,
    client: ConsoleClient,
    actor: MayRead,
) -> TaskStatus:
    """The task that holds it, else its first waiter, else its newest open task, else its newest; `otherTasks`: which
    are open too."""
    return client.tenant_status(tenant_id)


@router.get("/tenants/{tenantId:id}", response_model=TenantView)
def get_tenant(tenant_id: TenantIdPath, client: ConsoleClient, actor: MayRead) -> TenantView:
    """What it runs, its last known good, who holds it, its moves."""
    return client.tenant(tenant_id)
