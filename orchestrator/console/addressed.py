"""Ids in addresses, where a slash of an id is told from one between two parts.

A tenant's id may hold almost anything: `/`, `%`, `?`. In an address it stands percent-encoded as one part
(``/tenants/eu%2Facme/task``). Servers hand applications the path with all of that undone, where the tenant ``a/task``
reads like the task of ``a``; so routes are looked for in the path as it came, and an id is undone in its route alone.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

_HELD: Final = (("%", "%25"), ("/", "%2F"))


class _Identifier(Convertor[str]):
    """``{planId:id}``: one part of an address, whatever stands in it."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        for plain, held in reversed(_HELD):
            value = value.replace(held, plain)
        return value

    def to_string(self, value: str) -> str:
        for plain, held in _HELD:
            value = value.replace(plain, held)
        return value


IDENTIFIER: Final = _Identifier()
register_url_convertor("id", IDENTIFIER)


class PartsKept:
    """ASGI, around the routes: gives them the path whose parts are decoded, but for what would make two of one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"%" in scope["raw_path"]:
            parts = scope["raw_path"].decode("ascii", "replace").split("/")
            scope = {**scope, "path": "/".join(IDENTIFIER.to_string(unquote(part)) for part in parts)}
        await self._app(scope, receive, send)
