"""Bodies of requests: how large, how slow, and how much of them is in memory at once.

What changes something is small. Plans alone may be large, and then they are counted: an actor has so many bytes of them
at once, and all actors together so many, from the first byte until the request is answered.
"""

from __future__ import annotations

import asyncio
from typing import Final

from python_multipart.multipart import parse_options_header
from starlette.requests import Request
from starlette.types import Message, Receive

from orchestrator.console.problems import Refusal

MEBI: Final = 1024 * 1024
MOST_OF_A_PLAN: Final = 256 * MEBI
MOST_OF_A_FORM: Final = 32 * MEBI
"""A plan in the page's form."""

MOST_ELSEWHERE: Final = MEBI
MOST_OF_STRANGERS: Final = 16 * 1024
LARGE: Final = MEBI
"""What is no larger passes whatever is in memory: there are so many requests at once."""

MOST_OF_ONE: Final = MOST_OF_A_PLAN
MOST_OF_ALL: Final = 2 * MOST_OF_A_PLAN

BODY_SECONDS: Final = 20.0
"""A body has so long, and a second more for each ``LEAST_BYTES`` that have come; while nobody reads, no time runs."""
LEAST_BYTES: Final = 8 * 1024

_PLANS: Final = frozenset({"/api/v1/plans", "/api/v1/plans:validate", "/api/v1/plans:preview"})
_FORMS: Final = frozenset({"/submit", "/submit/check"})
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def most_bytes(path: str) -> int:
    """How large a body may be there."""
    if path in _PLANS:
        return MOST_OF_A_PLAN
    return MOST_OF_A_FORM if path in _FORMS else MOST_ELSEWHERE


def check_length(request: Request, most: int) -> int:
    """What it says of its length, 0 when nothing. Raises ``Refusal`` (413) for what is too large, before it is read."""
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal() and len(length) < 20 and int(length) <= most):
        raise _too_large(most)
    return int(length)


def check_form(request: Request) -> None:
    """Raises ``Refusal`` (415) for a form that is to be read as anything but UTF-8, which no browser sends: what some
    encodings make of bytes is no text that could be stored or shown."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    charset = options.get(b"charset", b"utf-8").decode("latin-1").lower()
    if kind == b"multipart/form-data" and charset not in _CHARSETS:
        raise Refusal(415, "unsupported_charset", "The form is no UTF-8", "send it with charset=utf-8, or say none")


def bounded(receive: Receive, most: int) -> Receive:
    """One that does not say how long it is, is counted (413); one that comes too slowly is not waited for (408)."""
    read, waited, is_whole = 0, 0.0, False

    async def counted() -> Message:
        nonlocal read, waited, is_whole
        if is_whole:
            # What comes now is the caller's leaving.
            return await receive()
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with asyncio.timeout(BODY_SECONDS + read / LEAST_BYTES - waited):
                message = await receive()
        except TimeoutError as error:
            detail = f"{read} bytes of it came in {waited + clock.time() - began:.0f} s"
            raise Refusal(408, "too_slow", "The body comes too slowly", detail, {"Connection": "close"}) from error
        waited += clock.time() - began
        read += len(message.get("body", b""))
        is_whole = not message.get("more_body")
        if read > most:
            raise _too_large(most)
        return message

    return counted


class Bodies:
    """The large ones that are in memory, of one process and one event loop."""

    def __init__(self, most_of_one: int = MOST_OF_ONE, most_of_all: int = MOST_OF_ALL) -> None:
        self._most_of_one, self._most_of_all = most_of_one, most_of_all
        self._of: dict[str, int] = {}

    @property
    def held(self) -> int:
        """Bytes, of all actors."""
        return sum(self._of.values())

    def require_room(self, name: str, more: int) -> None:
        """Raises ``Refusal`` when so many more are too many: 429 for the actor's own, 503 for all."""
        if self._of.get(name, 0) + more > self._most_of_one:
            message = f"plans of {name} under way have {self._of.get(name, 0)} bytes of {self._most_of_one} at once"
            raise Refusal(429, "too_many_requests", "Too much at once", message, {"Retry-After": "5"})
        if self.held + more > self._most_of_all:
            message = f"plans under way have {self.held} bytes of {self._most_of_all} at once; try again"
            raise Refusal(503, "busy", "Too much at once", message, {"Retry-After": "5"})

    def take(self, name: str, more: int) -> None:
        """So many more are in memory. Raises as ``require_room``."""
        self.require_room(name, more)
        self._of[name] = self._of.get(name, 0) + more

    def give_back(self, name: str, size: int) -> None:
        """So many are not any more."""
        self._of[name] -= size
        if not self._of[name]:
            del self._of[name]


class HeldBody:
    """One request's part of them; ``end`` may be called twice."""

    def __init__(self, bodies: Bodies, name: str, said: int) -> None:
        """``said``: the length that it names. Raises ``Refusal`` when there is no room for it."""
        self._bodies, self._name = bodies, name
        self._read = self._held = 0
        if said > LARGE:
            bodies.require_room(name, said)

    def over(self, receive: Receive) -> Receive:
        """Counts what is read."""

        async def held() -> Message:
            message = await receive()
            self._read += len(message.get("body", b""))
            if self._read > LARGE and self._read > self._held:
                self._bodies.take(self._name, self._read - self._held)
                self._held = self._read
            return message

        return held

    def end(self) -> None:
        """The request is answered."""
        if self._held:
            self._bodies.give_back(self._name, self._held)
        self._held = 0
        self._read = 0


def _too_large(most: int) -> Refusal:
    return Refusal(413, "too_large", "The body is too large", f"at most {most} bytes")
