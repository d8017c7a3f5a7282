"""Whether the installation is well."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from orchestrator.console.access.roles import MayRead
from orchestrator.console.page.rendering import page, piece
from orchestrator.console.parts import ConsoleClient

router = APIRouter()


@router.get("/doctor")
def show_doctor(request: Request, _: MayRead) -> Response:
    """The page at once; what takes seconds comes into it."""
    return page(request, "doctor.html", "/doctor")


@router.get("/doctor/checks")
def checks(client: ConsoleClient, _: MayRead) -> Response:
    """Everything looked at anew: what is wrong first."""
    diagnosis = client.doctor()
    rows = sorted(diagnosis.checks, key=lambda check: check.good)
    return HTMLResponse(piece("_doctor.html", rows=rows, wrong=sum(not one.good for one in rows)))
