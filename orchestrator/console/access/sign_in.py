"""Signing in and out: a token, or the code of a one-time link, becomes a session."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from orchestrator.console.access.addresses import Caller
from orchestrator.console.access.cookies import set_cookie
from orchestrator.console.access.door import SIGN_IN
from orchestrator.console.access.identity import Identities
from orchestrator.console.access.roles import MayAsk
from orchestrator.console.problems import Refusal
from orchestrator.ledger.credentials import Credential
from orchestrator.ledger.sessions import Sessions

SIGN_OUT: Final = "/sign-out"
router = APIRouter(include_in_schema=False)
_log = structlog.get_logger(__name__)


def local_path(given: str) -> str:
    """Where to go on: a path of this console, or its first page."""
    is_ours = given.startswith("/") and given[1:2] not in ("/", "\\") and given.isprintable()
    return given if is_ours and not given.startswith(SIGN_IN) else "/"


class Reception:
    """What signing in needs; ``app.state.reception``."""

    def __init__(
        self,
        identities: Identities,
        sessions: Sessions,
        session_seconds: float,
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``translated`` makes errors of ours out of those of the ledger's connection."""
        self._translated = translated
        self._identities = identities
        self._sessions = sessions
        self.session_seconds = session_seconds

    def sign_in(self, token: str, link: str, caller: Caller) -> Credential:
        """The session. Raises ``Refusal`` for a token or link that is none."""
        with self._translated():
            found, credential = self._identities.prove(link or token, "link" if link else "token", caller)
            if link and not self._sessions.use_link(credential):
                raise Refusal(401, "unauthenticated", "Sign in first", "the link was used already")
            session = self._sessions.start(found.identifier, self.session_seconds)
        _log.info(f"{found.name} signed in", action="signed-in", actor=found.name, address=caller.address)
        return session

    def sign_out(self, credential: Credential) -> None:
        """Ends the session."""
        with self._translated():
            self._sessions.end(credential)


def _reception(request: Request) -> Reception:
    found: Reception = request.app.state.reception
    return found


@router.get(SIGN_IN)
async def ask_to_sign_in(request: Request, next: str = "/", ended: bool = False) -> Response:
    """The form. A one-time link leads here with its code behind a #, which no server and no log gets to see.
    ``ended``: an open page led here, whose session is over."""
    said = "Your session is over, or its token was revoked" if ended else ""
    answer: Response = request.app.state.sign_in_page(request, said, local_path(next))
    return answer


@router.post(SIGN_IN)
async def sign_in(
    request: Request,
    reception: Annotated[Reception, Depends(_reception)],
    token: Annotated[str, Form()] = "",
    link: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Begins a session, and gives the browser its cookie."""
    caller: Caller = request.scope["caller"]
    try:
        session = await run_in_threadpool(reception.sign_in, token.strip(), link.strip(), caller)
    except Refusal as refusal:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        page: Response = request.app.state.sign_in_page(request, refusal.reason, local_path(next))
        page.status_code = refusal.status_code
        page.headers.update(refusal.headers or {})
        return page
    answer = RedirectResponse(local_path(next), 303)
    set_cookie(answer, "session", session, seconds=reception.session_seconds, is_https=caller.is_https)
    return answer


@router.post(SIGN_OUT)
async def sign_out(
    request: Request,
    reception: Annotated[Reception, Depends(_reception)],
    actor: MayAsk,
) -> Response:
    """Ends the session, here and at once."""
    credential: Credential | None = request.scope.get("credential")
    if credential is not None and credential.kind == "session":
        await run_in_threadpool(reception.sign_out, credential)
        _log.info(f"{actor.name} signed out", action="signed-out", actor=actor.name)
    answer = RedirectResponse(SIGN_IN, 303)
    set_cookie(answer, "session", None, seconds=0, is_https=request.scope["caller"].is_https)
    return answer
