"""Ids in addresses, where a slash of an id is told from one between two parts.

A tenant's id may hold almost anything: `/`, `%`, `?`. In an address it stands percent-encoded as one part
(``/tenants/eu%2Facme/task``). Servers hand applications the path with all of that undone, where the tenant ``a/task``
reads like the task of ``a``; so routes are looked for in the path as it came, and an id is undone in its route alone.

What can be no id at all is not found here, before anybody asks the ledger for it or keeps anything by its name.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.routing import Match
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.domain.errors import NotFound, quoted_value
from orchestrator.domain.model import PLAN_ID

LONGEST: Final = 200
"""Characters of an id in an address: more than that of any plan, task, tenant, freeze, webhook or token."""

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HELD: Final = (("%", "%25"), ("/", "%2F"))


class _Identifier(Convertor[str]):
    """``{planId:plan}``: one part of an address, whatever stands in it."""

    regex = "[^/]+"
    kind = "thing of the id"

    def convert(self, value: str) -> str:
        for plain, held in reversed(_HELD):
            value = value.replace(held, plain)
        if not self._may_be(value):
            raise NotFound(f"there is no {self.kind} {quoted_value(value)}")
        return value

    def to_string(self, value: str) -> str:
        for plain, held in _HELD:
            value = value.replace(plain, held)
        return value

    def _may_be(self, value: str) -> bool:
        return len(value) <= LONGEST


class _PlanIdentifier(_Identifier):
    """``{planId:plan}``: a plan's, whose form is known."""

    kind = "plan"

    def _may_be(self, value: str) -> bool:
        return PLAN_ID.fullmatch(value) is not None


IDENTIFIER: Final = _Identifier()
register_url_convertor("id", IDENTIFIER)
register_url_convertor("plan", _PlanIdentifier())


class PartsKept:
    """ASGI, around the routes: gives them the path whose parts are decoded, but for what would make two of one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"%" in scope["raw_path"]:
            parts = scope["raw_path"].decode("ascii", "replace").split("/")
            scope = {**scope, "path": "/".join(IDENTIFIER.to_string(unquote(part)) for part in parts)}
        await self._app(scope, receive, send)


def allowed_methods(request: Request) -> str:
    """Those of the request's address, as ``Allow`` tells them: several routes may share one. Of the folder of static
    files, which answers for itself, what it reads by."""
    if isinstance(request.scope.get("endpoint"), StaticFiles):
        return "GET, HEAD"
    routes = request.app.router.routes
    asked = ({**request.scope, "method": method} for method in _METHODS)
    return ", ".join(one["method"] for one in asked if any(it.matches(one)[0] is Match.FULL for it in routes))
