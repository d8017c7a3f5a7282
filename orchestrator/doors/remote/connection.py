"""Requests to a console, and its answers as values or as errors of ours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from orchestrator.control.target import default_actor
from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.doors.remote.answers import MOST_BYTES_OF_PROBLEM, json_document, lines_of, read_all
from orchestrator.doors.remote.errors import REQUEST_ID, ConsoleFailed, error_of
from orchestrator.doors.remote.turned_away import pause_seconds
from orchestrator.ledger.operations import Order
from orchestrator.settings.url_parts import shown_url
from steps.http.address import what_is_wrong

ANSWER_SECONDS: Final = 30.0
"""Longer than a console waits for its Redis."""

LONG_SECONDS: Final = 900.0
"""For what grows with a plan: its check, its submit, its purge."""

SILENCE_SECONDS: Final = 45.0
"""A stream says something at least every 15."""

_LOOPBACK: Final = ("127.", "localhost", "[::1]", "::1")


class Connection:
    """To one console, kept alive between requests."""

    def __init__(self, url: str, token: str, wait: Callable[[float], object] = time.sleep) -> None:
        """Raises ``InvalidInput`` for what is no address of a console. ``wait`` takes seconds."""
        self.url = _checked(url)
        self._wait = wait
        host = urlsplit(self.url).hostname or ""
        self._client = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token}", "User-Agent": "changeover"},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=5.0),
            # A proxy of the surroundings knows nothing of this machine.
            trust_env=not host.startswith(_LOOPBACK),
        )

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What stands there; a query of None is left out, one of several values is given several times."""
        return self._ask("GET", path, query=query)

    def send(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        query: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        seconds: float = ANSWER_SECONDS,
        answers: tuple[int, ...] = (),
    ) -> dict[str, Any]:
        """What is answered to a change. ``answers``: statuses that are answers too, with their document."""
        headers = {"Content-Type": "application/json"}
        if request_id is not None:
            headers[REQUEST_ID] = quote(request_id, safe=" !#$&'()*+,/:;=?@[]~")
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return self._ask(
            method, path, query=query or {}, headers=headers, content=content, seconds=seconds, answers=answers
        )

    def lines(self, method: str, path: str, body: Any = None, **query: Any) -> Iterator[dict[str, Any]]:
        """A stream of JSON lines as it comes. Raises what an ``error`` line stands for, ``Unreachable`` when it breaks
        off, which HTTP tells from its end, and ``ConsoleFailed`` for none at all: a console says at least that there is
        nothing."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Accept": "application/x-ndjson"} | ({"Content-Type": "application/json"} if content else {})
        with self._stream(method, path, query, headers, content, LONG_SECONDS) as response:
            value: dict[str, Any] | None = None
            for line in lines_of(response):
                value = json_document(line)
                if value.keys() == {"error"}:
                    told = value["error"] if isinstance(value["error"], dict) else {}
                    status = told.get("status")
                    raise error_of(status if isinstance(status, int) else 500, told, self.url)
                yield value
            if value is None:
                raise ConsoleFailed("it is no console: it answers nothing")

    def events(self, plan_id: str | None, since: int) -> Iterator[tuple[str, dict[str, Any]] | None]:
        """What is told after ``since``, as it happens: its kind ("" for an event) and its data; None for a sign of
        life. Ends when the console ends it."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(since)}
        query = {"plan": plan_id}
        with self._stream("GET", "/events", query, headers, None, SILENCE_SECONDS) as response:
            kind = ""
            for line in lines_of(response):
                name, _, value = line.partition(b":")
                if name == b"event":
                    kind = value.strip().decode("utf-8", "replace")
                elif name == b"data":
                    yield kind, json_document(value)
                elif not name:
                    kind = "" if not line else kind
                    yield None

    def close(self) -> None:
        """May be called twice."""
        self._client.close()

    @contextmanager
    def _stream(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        headers: Mapping[str, str],
        content: bytes | None,
        seconds: float,
        answers: tuple[int, ...] = (),
    ) -> Iterator[httpx.Response]:
        timeout = httpx.Timeout(seconds, connect=5.0)
        with self._translated():
            request = self._client.build_request(
                method, path, params=_given(query), headers=headers, content=content, timeout=timeout
            )
            response = self._taken(request)
            try:
                if not response.is_success and response.status_code not in answers:
                    raise self._error(response)
                yield response
            finally:
                response.close()

    def _taken(self, request: httpx.Request) -> httpx.Response:
        """The answer to the request once the console takes it. Raises ``Unreachable`` when that lasts too long."""
        waited = 0.0
        while (response := self._client.send(request, stream=True)).status_code == HTTPStatus.TOO_MANY_REQUESTS:
            try:
                document = self._document(response)
            finally:
                response.close()
            if (seconds := pause_seconds(response, document, waited)) is None:
                error = error_of(response.status_code, document, self.url)
                raise type(error)(f"{error}; given up after {waited:.0f} s of waiting") if waited else error
            self._wait(seconds)
            waited += seconds
        return response

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        seconds: float = ANSWER_SECONDS,
        answers: tuple[int, ...] = (),
    ) -> dict[str, Any]:
        with self._stream(method, path, query, headers or {}, content, seconds, answers) as response:
            return json_document(read_all(response))

    def _error(self, response: httpx.Response) -> Exception:
        return error_of(response.status_code, self._document(response), self.url)

    def _document(self, response: httpx.Response) -> dict[str, Any]:
        """What a refusal says; nothing where it is no answer of a console."""
        try:
            return json_document(read_all(response, MOST_BYTES_OF_PROBLEM))
        except ConsoleFailed:
            return {}

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.DecodingError as error:
            raise ConsoleFailed(f"the console at {self.url} answers what it should not: {error}") from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(
                f"the console at {self.url} does not answer: {reason}; is it running, and is CHANGEOVER_API_URL right?"
            ) from error


def body_of(order: Order, **more: Any) -> dict[str, Any]:
    """The order as a body. Who asks is told by the token: a name is sent only where somebody has given one."""
    body: dict[str, Any] = {"reason": order.reason} if order.reason else {}
    if order.actor != default_actor():
        body["actor"] = order.actor
    return body | {name: value for name, value in more.items() if value not in (None, "") and value is not False}


def at(*parts: str) -> str:
    """A path of these parts, whatever stands in them."""
    # What is `.` or `..` would be taken for a step in the path.
    dots = {".": "%2E", "..": "%2E%2E"}
    return "/" + "/".join(dots.get(part) or quote(part, safe=":") for part in parts)


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    words = {True: "true", False: "false"}
    told = {name: words.get(value, value) if isinstance(value, bool) else value for name, value in query.items()}
    return {name: value for name, value in told.items() if value is not None}


def _checked(url: str) -> str:
    wrong = None
    # First: what cannot be read has no parts.
    if what_is_wrong(url) or not (parts := urlsplit(url)).hostname:
        wrong = "expected an address such as https://changeover.example.com"
    elif parts.username or parts.password:
        wrong = "no name or password belongs in it: the token is CHANGEOVER_API_TOKEN"
    elif parts.query or parts.fragment:
        wrong = "expected an address without ? and #"
    if wrong:
        raise InvalidInput([Problem("CHANGEOVER_API_URL", shown_url(url), wrong)])
    return url.rstrip("/").removesuffix("/api/v1")
