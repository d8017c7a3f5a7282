"""The door: finds out who asks before any route is looked for, and lets nobody else in."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.console.access.roles import Actor
from orchestrator.console.problems import ErrorPage, Refusal, answer_of, problem_of

Identify = Callable[[Request], Actor | None]
"""Who a request comes from; None when it says nobody."""
PUBLIC = ("/health", "/sign-in", "/static/")
"""Addresses that want no token."""
MOST_BYTES = 256 * 1024 * 1024


class Doorkeeper:
    """ASGI, around the whole application."""

    def __init__(self, app: ASGIApp, identify: Identify, page: ErrorPage | None = None) -> None:
        self._app = app
        self._identify = identify
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            self._check_length(request)
            if not scope["path"].startswith(PUBLIC):
                actor = await run_in_threadpool(self._identify, request)
                if actor is None:
                    message = "show a token: Authorization: Bearer TOKEN"
                    raise Refusal(401, "unauthenticated", "Sign in first", message, {"WWW-Authenticate": "Bearer"})
                scope["actor"] = actor
        except Exception as error:  # noqa: BLE001 - every error is answered
            response = answer_of(problem_of(error), request, self._page, getattr(error, "headers", {}))
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check_length(self, request: Request) -> None:
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            raise Refusal(413, "too_large", "The body is too large", f"at most {MOST_BYTES} bytes")
