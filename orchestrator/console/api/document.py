"""The API told in two ways: its OpenAPI document, and a page of it for people that loads nothing from elsewhere."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from orchestrator.console.access.roles import MayRead
from orchestrator.console.api.docs_page import page_of
from orchestrator.console.api.json_answers import MaskedJson
from orchestrator.console.api.openapi import openapi_of

router = APIRouter(include_in_schema=False)
pages = APIRouter(include_in_schema=False)
STYLE = Path(__file__).parent / "docs.css"
_making: Final = threading.Lock()
"""Two at it at once would disturb each other: FastAPI silences warnings for the whole process while it reads models."""


@router.get("/openapi.json")
def get_document(request: Request, actor: MayRead) -> Response:
    """The OpenAPI 3.1 document of `/api/v1`."""
    return MaskedJson(document_of(request.app))


@pages.get("/api/docs")
def get_docs(request: Request, actor: MayRead) -> Response:
    """The same as a page."""
    return Response(page_of(document_of(request.app)), media_type="text/html")


@pages.get("/api/docs.css")
def get_style(actor: MayRead) -> Response:
    """Its look."""
    return Response(STYLE.read_text(encoding="utf-8"), media_type="text/css")


def document_of(app: FastAPI) -> dict[str, Any]:
    """The application's document, which is made once, however many ask for it first."""
    with _making:
        if getattr(app.state, "openapi", None) is None:
            app.state.openapi = openapi_of(app)
        document: dict[str, Any] = app.state.openapi
    return document
