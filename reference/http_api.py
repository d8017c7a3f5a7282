"""The HTTP API's page, from its OpenAPI document."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from orchestrator.console import api
from orchestrator.console.api.openapi import openapi_of


def http_api() -> str:
    """A row an operation, by path."""
    rows = [
        f"| `{method.upper()} {path}` | {_words(one)} | {one['x-role']} | {', '.join(sorted(one['responses']))} |"
        for path, methods in sorted(_document()["paths"].items())
        for method, one in methods.items()
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


def _document() -> dict[str, Any]:
    app = FastAPI(title="Changeover", version=version("changeover"))
    app.include_router(api.router)
    document: dict[str, Any] = openapi_of(app)
    return document


def _words(operation: dict[str, Any]) -> str:
    text = operation.get("description") or operation.get("summary") or ""
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")
