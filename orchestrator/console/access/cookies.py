"""The cookies: a session's, and for users of a signing-in proxy the one that their forms are tied to."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from orchestrator.ledger.credentials import Credential, read_credential

Use = Literal["session", "csrf"]


def cookie_name(use: Use, *, is_https: bool) -> str:
    """With the prefix by which a browser takes it from this very host, over TLS, and from no other."""
    return f"__Host-changeover-{use}" if is_https else f"changeover-{use}"


def read_cookie(request: Request, use: Use, *, is_https: bool) -> Credential | None:
    """What the browser shows, when it has the right form."""
    return read_credential(request.cookies.get(cookie_name(use, is_https=is_https), ""), "session")


def set_cookie(response: Response, use: Use, credential: Credential | None, *, seconds: float, is_https: bool) -> None:
    """Gives it to the browser; None takes it away."""
    response.set_cookie(
        cookie_name(use, is_https=is_https),
        "" if credential is None else credential.text,
        max_age=0 if credential is None else round(seconds),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="strict",
    )
