"""Templates of the page. They escape all by themselves; nothing from outside is marked safe."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from orchestrator.console.access.roles import Actor, Permission
from orchestrator.console.page import words

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"
NAV: Final = (
    ("/plans", "Plans", Permission.READ),
    ("/tenants", "Tenants", Permission.READ),
    ("/freezes", "Freezes", Permission.READ),
    ("/audit", "Audit", Permission.READ),
    ("/webhooks", "Webhooks", Permission.READ),
    ("/doctor", "Doctor", Permission.READ),
    ("/tokens", "Tokens", Permission.TOKENS),
)
"""Pages, their names, and what it takes to see them."""


@cache
def _static(name: str) -> str:
    """The address of a served file, which changes with what it holds, so that a browser may keep it."""
    return f"/static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=words.finalize,
    )
    # Jinja's own leaves a slash as it is, which would make two parts of one id in an address.
    made.filters |= {**words.FILTERS, "urlencode": partial(quote, safe="")}
    made.globals |= {"static": _static, "now_ms": words.now_ms, "permissions": Permission, "nav": NAV}
    return made


_ENVIRONMENT: Final = _environment()


def piece(template: str, **values: Any) -> Markup:
    """A part of a page."""
    return Markup(_ENVIRONMENT.get_template(template).render(values))  # noqa: S704 - the template has escaped it


def page(request: Request, template: str, here: str = "", **values: Any) -> HTMLResponse:
    """A whole page; ``here``: which of the navigation's it belongs to."""
    actor = request.scope.get("actor")
    settings = request.app.state.settings
    known: Mapping[str, Any] = {
        "actor": actor if isinstance(actor, Actor) else None,
        "here": here,
        "namespace": settings.namespace,
        "is_live": False,
    }
    return HTMLResponse(piece(template, **{**known, **values}))


def error_page(request: Request, problem: Mapping[str, Any]) -> Response:
    """What went wrong, for a person; only the words of it, where a part of a page was asked for."""
    known = {"detail": "", "errors": [], **problem}
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(piece("_problem.html", problem=known))
    return page(request, "problem.html", problem=known)


def sign_in_page(request: Request, said: str, following: str) -> Response:
    """The form to sign in; ``said``: why the last try failed, ``following``: where to go on."""
    return page(request, "sign_in.html", said=said, next=following)
