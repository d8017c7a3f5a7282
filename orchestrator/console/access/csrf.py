"""That a request which changes something comes from a page of ours, where a browser says by itself who asks."""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.types import Message, Receive

from orchestrator.console.access.addresses import Caller
from orchestrator.console.access.roles import Actor
from orchestrator.console.problems import Refusal

HEADER: Final = "x-csrf-token"
FIELD: Final = "csrf_token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_USUAL_PORTS: Final = {"http": 80, "https": 443}
MOST_OF_A_FORM: Final = 1024 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


async def check_csrf(request: Request, receive: Receive, actor: Actor) -> Receive:
    """Raises ``Refusal`` (403) unless header or form field has what the page was given. What is to be read from then
    on: a form that was read for it is given once more."""
    check_same_site(request)
    given, again = request.headers.get(HEADER, ""), receive
    if not given and request.headers.get("content-type", "").partition(";")[0].strip() == _FORM:
        body = await _whole(receive)
        given, again = (parse_qs(body.decode("latin-1")).get(FIELD) or [""])[0], _repeated(body, receive)
    if not actor.csrf or not hmac.compare_digest(given.encode(), actor.csrf.encode()):
        message = f"it lacks the token of the page ({HEADER}, or the field {FIELD}); load the page again"
        raise Refusal(403, "csrf", "Not from a page of this console", message)
    return again


def check_same_site(request: Request) -> None:
    """Raises ``Refusal`` when the browser says that a page of another site sends this. Over plain HTTP browsers do not
    say so in as many words (``Sec-Fetch-Site``), but where the page is from."""
    said = request.headers.get("sec-fetch-site")
    is_ours = said in ("same-origin", "none") if said is not None else _is_from_here(request)
    if not is_ours:
        raise Refusal(403, "csrf", "Not from a page of this console", "another site's page sent it")


def _is_from_here(request: Request) -> bool:
    """Whether ``Origin``, else ``Referer``, names the host that this is sent to. A program names neither."""
    page = request.headers.get("origin") or request.headers.get("referer")
    if page is None:
        return True
    caller: Caller = request.scope["caller"]
    hosts = [request.headers.get("host", "")]
    if caller.by_proxy:
        hosts += request.headers.getlist("x-forwarded-host")[-1:]
    return any(_is_same_host(page, host, may_lack_port=caller.by_proxy) for host in hosts)


def _is_same_host(page: str, host: str, *, may_lack_port: bool) -> bool:
    """``may_lack_port``: proxies often hand on the name alone."""
    try:
        from_, to = urlsplit(page), urlsplit(f"//{host}")
        ports, usual = (from_.port, to.port), _USUAL_PORTS.get(from_.scheme)
    except ValueError:
        return False
    if usual is None or not from_.hostname or from_.hostname.rstrip(".") != (to.hostname or "").rstrip("."):
        return False
    return (ports[0] or usual) == (ports[1] or usual) or (may_lack_port and ports[1] is None)


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, "bad_request", "The form broke off")
        body += message.get("body", b"")
        if len(body) > MOST_OF_A_FORM:
            raise Refusal(413, "too_large", "The form is too large", f"at most {MOST_OF_A_FORM} bytes")
        if not message.get("more_body"):
            return bytes(body)


def _repeated(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
