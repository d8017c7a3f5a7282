"""The same of the page: no document tells of its routes, so the routes themselves do, and its templates of forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from fastapi import FastAPI

from orchestrator.console.page.asks import PLAN_ASKS
from orchestrator.console.page.rendering import FOLDER
from orchestrator.console.page.task_asks import TASK_ASKS
from tests.support.bad_inputs import SPELLINGS
from tests.support.bad_requests import NUMBERS, BadRequest
from tests.support.console_routes import ConsoleRoute, routes_of

THERE: Final = {"plan_id": "there", "tenant_id": "acme", "position": "0", "how": "resend"}
VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "/plans": tuple(PLAN_ASKS),
    "/tenants": tuple(TASK_ASKS),
    "/webhooks": ("resend", "enable"),
}
TEXTS: Final = (*SPELLINGS, *NUMBERS, "0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59", "on")
CHARSETS: Final = (
    *(
        "utf-8",
        "utf-7",
        "utf-16",
        "unicode_escape",
        "raw_unicode_escape",
        "punycode",
        "idna",
        "undefined",
        "hex",
        "rot13",
    ),
    *("cp037", "mbcs", "x", "\x80", "unicode-escape;x", '"', "utf-8-sig", "base64", "zip", "string_escape"),
)
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Last-Event-ID": (*NUMBERS, "x", "-1", "\x80", "beef-3", "beef-" + "9" * 5000),
    "Cookie": ("changeover-session=x", "=;=", "\x80"),
    "Origin": ("null", "x", "http://[", "http://a:b", "\x80"),
    "HX-Request": ("true", "\x80"),
}
FIELDS: Final = sorted(
    {
        name
        for template in (FOLDER / "templates").rglob("*.html")
        for name in re.findall(r'name="([a-z_]+)"', template.read_text())
    }
    | {"cause", "stage", "task", "letter"}
)
"""Of all forms; the dialogs' hidden ones have their names from the code."""

RIGHT: Final = {"reason": "asked", "task": "there.0", "scope": "tenants", "tenants": "acme", "hours": "1", "plan": "{}"}


def bad_page_requests(app: FastAPI) -> Iterator[BadRequest]:
    """All of them: reading first, then forms, what takes a plan out last."""
    found = [one for one in routes_of(app) if not one.path.startswith("/api/")]
    for route in sorted(found, key=lambda one: one.method != "GET"):
        for verb in _verbs(route):
            right = _right(route, verb)
            yield from _of_address(right, route)
            for name, texts in HEADERS.items():
                for text in texts:
                    yield replace(right, part=name, value=text, headers={**right.headers, name: text})
            if route.method == "POST":
                yield from _of_form(right)


def _verbs(route: ConsoleRoute) -> tuple[str, ...]:
    if "{verb}" not in route.path:
        return ("",)
    verbs = next(verbs for room, verbs in VERBS.items() if route.path.startswith(room))
    return (*sorted(verbs, key=lambda verb: verb == "purge"), "absent")


def _right(route: ConsoleRoute, verb: str) -> BadRequest:
    names = re.findall(r"\{(\w+)\}", route.path)
    parts = {name: verb if name == "verb" else THERE.get(name, "absent") for name in names}
    query = tuple((name, "there.0") for name in route.queried if name == "task")
    return BadRequest(f"{route.method} {route.path}", "", None, route.method, parts, query, {"Accept": "text/html"})


def _of_address(right: BadRequest, route: ConsoleRoute) -> Iterator[BadRequest]:
    for text in TEXTS:
        if not text or len(text) > 50_000:
            continue
        for name in right.parts:
            yield replace(right, part=name, value=text, parts={**right.parts, name: text})
        for name in route.queried:
            rest = tuple(pair for pair in right.query if pair[0] != name)
            yield replace(right, part=name, value=text, query=(*rest, (name, text)))


def _of_form(right: BadRequest) -> Iterator[BadRequest]:
    kind = {**right.headers, "Content-Type": "application/x-www-form-urlencoded"}
    for name in FIELDS:
        for text in TEXTS:
            if len(text) > 50_000:
                continue
            body = urlencode({**RIGHT, name: text}, errors="surrogateescape").encode()
            yield replace(right, part=name, value=text, headers=kind, body=body)
    for charset in CHARSETS:
        kind = {**right.headers, "Content-Type": f"multipart/form-data; boundary=xxBxx; charset={charset}"}
        yield replace(right, part="charset", value=charset, headers=kind, body=_multipart(b"+2AA-\\ud800x", ""))
    kind = {**right.headers, "Content-Type": "multipart/form-data; boundary=xxBxx"}
    for value in (b"\xff", b"\xed\xa0\x80", b"\x00"):
        yield replace(right, part="part", value=value, headers=kind, body=_multipart(value, ""))
    yield replace(right, part="part", value="file", headers=kind, body=_multipart(b"x", '; filename="a"'))


def _multipart(value: bytes, more: str) -> bytes:
    parts = (f'--xxBxx\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() for name in FIELDS)
    return b"".join(part + value + b"\r\n" for part in parts) + b"--xxBxx--\r\n"
