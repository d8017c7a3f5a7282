"""The OpenAPI document: what FastAPI knows of the routes, and what holds for all of them.

Every operation tells every status that it can answer: its own, what a wrong request gets, and what the door or an
absent Redis answers in its place, each as problem+json. Examples are answers that were really given: `examples.json`
is written by a test that plays them (`CHANGEOVER_TEST_EXAMPLES=write`), and checked against the models by the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

from orchestrator.console.access.roles import LEAST, Permission, PermissionNeeded
from orchestrator.console.problems import MEDIA_TYPE

EXAMPLES: Final = Path(__file__).parent / "examples.json"
ROOT: Final = "/api/v1"
LINES: Final = "application/x-ndjson"

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457. `code` tells kinds of problems apart; `errors` names each mistake in what was sent.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "value", "message"],
                "properties": {
                    "path": {"type": "string", "description": "Where, such as `tenants[17].tenant_id`."},
                    "value": {"description": "What was given, cut at 200 characters, secrets masked."},
                    "message": {"type": "string", "description": "What is wrong, and what was expected."},
                },
            },
        },
        "result": {"$ref": "#/components/schemas/OperationResult", "description": "Of a refused operation."},
    },
}
_SAID: Final = {
    "400": "The request cannot be read.",
    "401": "No token, or one that is not known, has expired or was revoked.",
    "403": "The token's role may not do this.",
    "404": "There is no such thing.",
    "409": "The state does not allow it, an id is taken by something else, or what is stored is damaged.",
    "408": "The body came too slowly.",
    "413": "The body is too large: a plan has 256 MiB at most, all else 1 MiB.",
    "415": "The body's Content-Type is not application/json, nor, for a plan, application/yaml.",
    "422": "Something in the request is wrong; `errors` names all of it.",
    "429": "Too much of this token at once, or too many failed sign-ins; `Retry-After` says when to try again.",
    "500": "The console failed.",
    "502": "The checkpoint store does not answer, or not as it must.",
    "503": "Redis is away, takes no writes or refuses the console, or too much at once; try again.",
}
_ALWAYS: Final = ("401", "403", "409", "422", "429", "500", "503")
_INTRO: Final = """Moves the tenants of a platform to a new version or configuration.

Every request shows a token: `Authorization: Bearer TOKEN`. Errors are problem+json (RFC 9457). Lists are read a page at
a time: ask again with `cursor`, the `nextCursor` of the page before, until there is none. An operation with an
`Idempotency-Key` can be sent again without harm, for a day."""


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The document of the routes under ``/api/v1``."""
    routes = [route for route in routes_of(app) if route.include_in_schema]
    document = get_openapi(title="Changeover", version=app.version, description=_INTRO, routes=routes)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["ProblemDocument"] = PROBLEM
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`changeover token create` makes one."}
    }
    document["security"] = [{"token": []}]
    document["servers"] = [{"url": "/"}]
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    needed = {
        (route.path_format, method.lower()): permission_of(route) for route in routes for method in route.methods or ()
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation, needed[path, method])
            _exemplify(operation, examples.get(f"{method.upper()} {path}", {}))
    return document


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of the API, those that the document leaves out included."""
    for route in iter_route_contexts(app.routes):
        if route.path and route.path.startswith("/api/") and hasattr(route, "dependant"):
            yield route


def permission_of(route: RouteContext) -> Permission | None:
    """What the route asks for; None when it asks for nothing."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, PermissionNeeded):
            permission: Permission = dependency.call.permission
            return permission
    return None


def _complete(path: str, method: str, operation: dict[str, Any], permission: Permission | None) -> None:
    responses = operation["responses"]
    statuses = {*_ALWAYS}
    if "{" in path or "plan" in {parameter["name"] for parameter in operation.get("parameters", ())}:
        statuses.add("404")
    if method != "get":
        statuses |= {"408", "409", "413"}
    if "requestBody" in operation:
        statuses.add("415")
    if path in (f"{ROOT}/plans", f"{ROOT}/plans:validate", f"{ROOT}/plans:preview") and method == "post":
        statuses.add("415")
        operation["requestBody"] = _plan_body()
    for status in sorted(statuses):
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
        responses[status] = {"description": _SAID[status], "content": content}
    if permission is not None:
        role = LEAST[permission]
        needs = f"Needs the role {role}, or one that may more."
        operation["description"] = "\n\n".join(filter(None, (operation.get("description"), needs)))
        operation["x-role"] = role.value


def _plan_body() -> dict[str, Any]:
    schema = {"type": "object", "description": "A plan, as in a plan file (docs/plan-file.md)."}
    return {
        "required": True,
        "content": {kind: {"schema": schema} for kind in ("application/json", "application/yaml")},
    }


def _exemplify(operation: dict[str, Any], examples: Mapping[str, Any]) -> None:
    """Puts what was really sent and answered into the operation."""
    if "request" in examples and "requestBody" in operation:
        for content in operation["requestBody"]["content"].values():
            content["example"] = examples["request"]
    for status, answer in examples.get("responses", {}).items():
        response = operation["responses"].get(status)
        if response is None:
            continue
        content = response.setdefault("content", {})
        kind = answer["type"]
        content.setdefault(kind, {})["example"] = answer["body"]
        if kind in (LINES, "text/event-stream"):
            # What is told a line at a time is no JSON document.
            content[kind].setdefault("schema", {"type": "string"})
            if kind == LINES:
                content.pop("application/json", None)
