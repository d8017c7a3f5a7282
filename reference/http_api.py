"""The HTTP API's page, from its OpenAPI document."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI

from orchestrator.console import api
from orchestrator.console.api.openapi import openapi_of


def http_api(router: APIRouter = api.router) -> str:
    """A row an operation, by path. Raises ``ValueError`` for one that asks for no permission."""
    rows = [
        f"| `{name}` | {_words(one)} | {_role(name, one)} | {', '.join(sorted(one['responses']))} |"
        for path, methods in sorted(_document(router)["paths"].items())
        for name, one in ((f"{method.upper()} {path}", one) for method, one in methods.items())
    ]
    return "\n".join(
        [
            "# HTTP API",
            "",
            "Made by `make docs`. Bodies and answers: a console serves the whole as `/api/v1/openapi.json`, as a page",
            "`/api/docs`. Tokens, roles and streams: [the console](../console.md).",
            "",
            "| operation | what | role | statuses |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _document(router: APIRouter) -> dict[str, Any]:
    app = FastAPI(title="Changeover", version=version("changeover"))
    app.include_router(router)
    document: dict[str, Any] = openapi_of(app)
    return document


def _role(name: str, operation: dict[str, Any]) -> str:
    if "x-role" not in operation:
        raise ValueError(
            f"{name} asks for no permission: it takes `actor: MayRead`, "
            "or the one other of orchestrator/console/access/roles.py that says who may"
        )
    return str(operation["x-role"])


def _words(operation: dict[str, Any]) -> str:
    text = operation.get("description") or operation.get("summary") or ""
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")
