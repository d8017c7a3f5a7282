"""The door: everything passes it before any route is looked for, and nobody else comes in.

In this order: the name that the request is for, the size of its body, who sends it, whether there is a share and room
for it, whether a page of ours sent it. It also gives every answer its headers, answers every error, ends streams, and
writes a line of each request. Addresses in ``PUBLIC`` want no token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, cast
from urllib.parse import quote

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.console.access.addresses import Caller
from orchestrator.console.access.bodies import (
    MOST_OF_STRANGERS,
    Bodies,
    HeldBody,
    bounded,
    check_form,
    check_length,
    most_bytes,
)
from orchestrator.console.access.cookies import set_cookie
from orchestrator.console.access.csrf import SAFE, check_csrf, check_same_site
from orchestrator.console.access.hosts import KnownHosts
from orchestrator.console.access.identity import Identities, Identity
from orchestrator.console.access.request_shares import RequestShare, RequestShares
from orchestrator.console.access.streams import OpenStream, OpenStreams
from orchestrator.console.headers import add_headers
from orchestrator.console.health import HEALTH
from orchestrator.console.problems import ErrorPage, Refusal, answer_of, problem_of
from orchestrator.domain.errors import QUOTE_LIMIT
from steps.raised import Escaped, is_for_process
from steps.told import words_of

SIGN_IN: Final = "/sign-in"
STATIC: Final = "/static/"
IDENTIFIED_AT_ONCE: Final = 16
_log = structlog.get_logger(__name__)


def is_public(path: str) -> bool:
    """Whether it wants no token."""
    return path in (HEALTH, SIGN_IN) or path.startswith(STATIC)


class Doorkeeper:
    """ASGI, around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        identities: Identities,
        hosts: KnownHosts,
        streams: OpenStreams,
        bodies: Bodies,
        page: ErrorPage,
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``translated`` makes errors of ours out of those of the ledger's connection."""
        self._app = app
        self._identities = identities
        self._hosts = hosts
        self._streams = streams
        self._page = page
        self._translated = translated
        # Threads of its own: requests that take their time must not keep others from coming in.
        self._identifying = CapacityLimiter(IDENTIFIED_AT_ONCE)
        self.shares = RequestShares()
        self.bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _Visit(self, scope, send).run(receive)

    async def let_in(self, request: Request, receive: Receive) -> tuple[Identity | None, Receive]:
        """Who it is (None at a public address), and what is to be read from then on. Raises ``Refusal``."""
        # Whoever looks after a container asks for its health by its address, and is told nothing else.
        if request.scope["path"] != HEALTH and not self._hosts.has(request.headers.get("host", "")):
            message = "this console is not known by that name; the setting console.hosts lists its names"
            raise Refusal(421, "unknown_host", "Not this console's name", message)
        strange = is_public(request.scope["path"])
        most = MOST_OF_STRANGERS if strange else most_bytes(request.scope["path"])
        check_length(request, most)
        receive = bounded(receive, most)
        check_form(request)
        if strange:
            if request.method not in SAFE:
                check_same_site(request)
            return None, receive
        return await to_thread.run_sync(self._identify, request, limiter=self._identifying), receive

    def _identify(self, request: Request) -> Identity:
        with self._translated():
            return self._identities.of(request)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is behind the door."""
        await self._app(scope, receive, send)

    def refuse(self, request: Request, error: Exception) -> Response:
        """The answer to an error; a browser that is not signed in is led to where that is done."""
        document = problem_of(error)
        headers = dict(getattr(error, "headers", None) or {})
        path = request.url.path
        if document["status"] == 401 and not path.startswith("/api/") and not is_public(path):
            where = f"{SIGN_IN}?next={quote(path)}" if request.method == "GET" else SIGN_IN
            if request.headers.get("hx-request"):
                headers["HX-Redirect"] = SIGN_IN
            elif "text/html" in request.headers.get("accept", ""):
                return RedirectResponse(where, 303)
        return answer_of(document, request, self._page, headers)

    def caller_of(self, request: Request) -> Caller:
        """See ``addresses``."""
        return self._identities.caller_of(request)

    @property
    def streams(self) -> OpenStreams:
        """Those that are open."""
        return self._streams


def _answered(error: BaseException) -> Exception:
    """The error that a request is answered with: every one is, but for what ends the visit itself, or the process,
    which is raised again."""
    if issubclass(type(error), Exception):
        return cast("Exception", error)
    if issubclass(type(error), asyncio.CancelledError | GeneratorExit) or is_for_process(error):
        raise error
    # Of a package's code: no Exception, and yet no more than a fault of this request.
    escaped = Escaped(f"a request raised {words_of(error)}")
    escaped.__cause__ = error
    return escaped


class _Visit:
    """One request."""

    def __init__(self, door: Doorkeeper, scope: Scope, send: Send) -> None:
        self._door = door
        self._scope = scope
        self._send = send
        self._identity: Identity | None = None
        self._stream: OpenStream | None = None
        self._share: RequestShare | None = None
        self._body: HeldBody | None = None
        self._refused: Refusal | None = None
        self._status = 0
        self._is_done = False
        self._has_read = False

    async def run(self, receive: Receive) -> None:
        began = time.monotonic()
        request = Request(self._scope, receive)
        try:
            self._scope["caller"] = self._door.caller_of(request)
            self._identity, inner = await self._door.let_in(request, receive)
            if self._identity is not None:
                inner = await self._have_turn(self._identity, request, inner)
            await self._door.serve(self._scope, self._until_ended(inner), self._told)
            if self._status and not self._is_done and self._stream is not None and self._stream.ended.is_set():
                await self._told({"type": "http.response.body", "body": b"", "more_body": False})
        except BaseException as error:  # noqa: BLE001 - every error is answered, and what is not is raised again
            answer = self._door.refuse(request, self._refused or _answered(error))
            # Half an answer cannot be taken back: the server closes the connection, and the log has the reason.
            if not self._status:
                await answer(self._scope, receive, self._told)
        finally:
            self._end_turn()
            if self._body is not None:
                self._body.end()
            if self._stream is not None:
                self._door.streams.remove(self._stream)
            self._note(request, time.monotonic() - began)

    async def _have_turn(self, identity: Identity, request: Request, receive: Receive) -> Receive:
        """Nothing of a body is read before."""
        name = identity.actor.name
        self._scope["actor"] = identity.actor
        self._scope["credential"] = identity.credential
        self._stream = OpenStream(identity.credential, name)
        self._share = await self._door.shares.take(name)
        self._body = HeldBody(self._door.bodies, name, int(request.headers.get("content-length", "0")))
        receive = self._body.over(receive)
        if identity.by_browser and request.method not in SAFE:
            return await check_csrf(request, receive, identity.actor)
        return receive

    def _until_ended(self, receive: Receive) -> Receive:
        """Once the body is read, all that is still to come is the caller's leaving; or ours."""

        async def until_ended() -> Message:
            if self._stream is None or not self._has_read:
                message = await receive()
                self._has_read = not message.get("more_body")
                return message
            leaving = asyncio.ensure_future(receive())
            ending = asyncio.ensure_future(self._stream.ended.wait())
            try:
                await asyncio.wait({leaving, ending}, return_when=asyncio.FIRST_COMPLETED)
                return leaving.result() if leaving.done() else {"type": "http.disconnect"}
            finally:
                leaving.cancel()
                ending.cancel()

        return until_ended

    async def _told(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
        elif message["type"] == "http.response.body":
            self._is_done = not message.get("more_body")
        await self._send(message)

    def _begin(self, message: Message) -> None:
        path = self._scope["path"]
        is_stream = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
        if is_stream and self._stream is not None:
            try:
                self._door.streams.add(self._stream)
            except Refusal as error:
                # What lies between takes the answer for begun, and makes a fault of it.
                self._refused = error
                raise
            self._end_turn()
        self._status = message["status"]
        add_headers(message, is_static=path.startswith(STATIC), is_named_by_content=bool(self._scope["query_string"]))
        headers = MutableHeaders(raw=message["headers"])
        if self._identity is not None and self._identity.new_cookie is not None:
            carrier, is_https = Response(), self._scope["caller"].is_https
            set_cookie(carrier, "csrf", self._identity.new_cookie, seconds=30 * 86400, is_https=is_https)
            headers.append("set-cookie", carrier.headers["set-cookie"])
        message["headers"] = headers.raw

    def _end_turn(self) -> None:
        if self._share is not None:
            self._share.end()

    def _note(self, request: Request, seconds: float) -> None:
        """What was asked, without what stands behind the ``?``."""
        is_quiet = request.method in SAFE and 0 < self._status < 400
        write = _log.debug if is_quiet else _log.info
        path = self._scope["path"]
        write(
            f"{request.method} {path if len(path) <= QUOTE_LIMIT else path[:QUOTE_LIMIT] + '…'} {self._status}",
            action="request",
            actor=self._identity.actor.name if self._identity else self._scope.get("named"),
            address=self._door.caller_of(request).address,
            status=self._status,
            millis=round(seconds * 1000),
        )
