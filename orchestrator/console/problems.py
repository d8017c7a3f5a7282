"""Every error as RFC 9457 problem+json: {type, title, status, detail, code, errors?}. No traceback, no internals.

A handler raises what ``Client`` raises and catches nothing. ``code`` is the error's own (``not_found``,
``not_allowed``, ``plan_conflict``, ...), by which a program tells them apart;
``errors`` are ``[{path, value, message}]``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from math import isfinite
from typing import Any, Final
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from orchestrator.console.addressed import allowed_methods
from orchestrator.domain.errors import (
    QUOTE_LIMIT,
    ChangeoverError,
    DamagedData,
    InvalidInput,
    NotAllowed,
    NotFound,
    PlanConflict,
    Problem,
    StoreFault,
    TenantsMoved,
    TooOld,
    Unreachable,
    cut_text,
)
from orchestrator.domain.naming import bounded_comparing, unknown
from orchestrator.domain.printable import printable_json
from orchestrator.domain.wording import expectation, model_in
from orchestrator.ledger.entry import NotLetIn
from orchestrator.ledger.refusals import FULL, LOADING, READ_ONLY, STATE_VARIABLE, not_now
from orchestrator.secrets.masking import mask_json, masked
from orchestrator.secrets.notations import key_at

MEDIA_TYPE: Final = "application/problem+json"
MOST_TOLD: Final = 200
"""Mistakes of one request; a body with more is no slip."""

ErrorPage = Callable[[Request, Mapping[str, Any]], Response]
"""Makes a page of a problem, for people."""
Together = Callable[[Request, Exception], Awaitable[Exception]]
"""The error to answer in the place of one that a request has met first."""
_log = structlog.get_logger(__name__)

_STATUS: Final[tuple[tuple[type[ChangeoverError], int, str], ...]] = (
    (InvalidInput, 422, "The input is wrong"),
    (PlanConflict, 409, "A plan of this id says something else"),
    (NotFound, 404, "There is no such thing"),
    (NotAllowed, 409, "Its state does not allow it"),
    (StoreFault, 502, "The checkpoint store failed"),
    (NotLetIn, 503, "Redis refuses the console"),
    (Unreachable, 503, "Redis is away"),
    (DamagedData, 409, "What is stored is damaged"),
    (TooOld, 503, "This console is too old"),
)
"""The first that fits."""


_MENDED: Final = {
    FULL: "raise its maxmemory",
    LOADING: "try again when it has",
    READ_ONLY: f"name the master in {STATE_VARIABLE}",
}
"""What to do about a server that answers, and does not do what it is asked."""


class Refusal(HTTPException):
    """What the console itself refuses; no traceback of it is written anywhere."""

    def __init__(
        self, status: int, code: str, title: str, reason: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, reason or title, headers)
        self.code, self.title, self.reason = code, title, reason


def problem(
    status: int, code: str, title: str, detail: str = "", errors: Sequence[Mapping[str, Any]] = (), **more: Any
) -> dict[str, Any]:
    """The document."""
    document = {"type": f"urn:changeover:problem:{code}", "title": title, "status": status, "code": code, **more}
    if detail:
        document["detail"] = detail
    if errors:
        document["errors"] = list(errors)
    return document


def problem_of(error: Exception, request: Request | None = None) -> dict[str, Any]:
    """The document of any error, as ``request`` has met it. One that nobody foresaw is logged with the id that the
    document names."""
    match error:
        case Refusal():
            return problem(error.status_code, error.code, error.title, error.reason)
        case ChangeoverError():
            return _of_ours(error)
        case RequestValidationError():
            return _of_ours(InvalidInput(mistakes_in(error.errors(), request)))
        case HTTPException():
            title = HTTPStatus(error.status_code).phrase
            detail = "" if error.detail == title else _unread(error) or str(error.detail)
            return problem(error.status_code, title.lower().replace(" ", "_"), title, detail)
        case ClientDisconnect():
            # In the midst of its body: nobody reads this but the log.
            return problem(400, "broken_off", "The request broke off")
        case TimeoutError():
            return problem(504, "timeout", "It has not come to that in time")
    error_id = uuid4().hex[:12]
    _log.error("a request failed", action="request-failed", errorId=error_id, exc_info=error)
    return problem(500, "internal", "The console failed", f"its log has the reason, under {error_id}", errorId=error_id)


def _of_ours(error: ChangeoverError) -> dict[str, Any]:
    status, title = next(
        ((status, title) for kind, status, title in _STATUS if isinstance(error, kind)), (500, "Failed")
    )
    if isinstance(error, InvalidInput):
        found = [_as_told(one.path, one.value, one.message, key_at(one.path)) for one in error.problems]
        return problem(status, error.code, title, errors=found)
    if isinstance(error, StoreFault):
        _log.warning(str(error), action="store-fault")
        return problem(status, error.code, title, "the checkpoint store failed; the console's log has the reason")
    if isinstance(error, Unreachable):
        # The reason names the server, which is not for everybody who may look at plans.
        _log.warning(str(error), action="redis-refuses" if isinstance(error, NotLetIn) else "redis-away")
        said = "the console cannot reach its Redis; try again, its log has the reason"
        if isinstance(error, NotLetIn):
            said = "the console's user or password is refused, or lacks a right; its log has the reason"
        elif error.__cause__ is not None and (state := not_now(error.__cause__)) is not None:
            title = f"Redis {state.words}"
            said = f"the console's {title}; {_MENDED.get(state, 'its log has the reason')}"
        return problem(status, error.code, title, said)
    more = {"tenantIds": error.tenant_ids, "count": error.args[1]} if isinstance(error, TenantsMoved) else {}
    return problem(status, error.code, title, str(error), **more)


def _unread(error: HTTPException) -> str:
    """Why FastAPI could not read a body, which it keeps to itself; "" for any other error."""
    match error.__cause__:
        case UnicodeDecodeError():
            return "the body is no UTF-8 text"
        case RecursionError():
            return "the body is nested too deeply"
        case ValueError():
            return f"the body has a number of more than {sys.get_int_max_str_digits()} digits"
    return ""


def mistakes_in(errors: Sequence[ErrorDetails], request: Request | None) -> list[Problem]:
    """What FastAPI has found wrong with a request."""
    keys = [] if request is None else _keys_of_body(request)
    with bounded_comparing():
        return [_mistake(one, keys) for one in errors[:MOST_TOLD]]


def _mistake(one: ErrorDetails, keys: Sequence[str]) -> Problem:
    """``keys``: those that the request's body may have."""
    where, *rest = one["loc"]
    name = str(rest[-1]) if rest else ""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest).lstrip(".")
    if one["type"] == "json_invalid":
        return Problem("", None, f"no JSON: {one.get('ctx', {}).get('error', one['msg'])}")
    message = unknown("key", name, keys) if one["type"] == "extra_forbidden" and keys else expectation(one)
    return Problem(cut_text(path or str(where)), None if one["type"] == "missing" else one.get("input"), message)


def _keys_of_body(request: Request) -> list[str]:
    """Those that the body of the request's route may have; none where it takes none."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    models = [model_in(one.field_info.annotation) for one in (dependant.body_params if dependant else ())]
    return [field.alias or name for model in models if model for name, field in model.model_fields.items()]


def _as_told(path: str, value: Any, message: str, name: str = "") -> dict[str, Any]:
    try:
        shown = masked(jsonable_encoder(value, custom_encoder={bytes: repr}), name)
    except (RecursionError, ValueError, TypeError):
        # Too deep, or no JSON at all: the path and the message have to do.
        shown = None
    text = shown if isinstance(shown, str) else None
    if text is not None and len(text) > QUOTE_LIMIT:
        shown = text[:QUOTE_LIMIT] + "…"
    elif isinstance(shown, dict | list) and len(str(shown)) > QUOTE_LIMIT:
        shown = str(shown)[:QUOTE_LIMIT] + "…"
    return {"path": path, "value": shown, "message": message}


def _writable(value: Any) -> Any:
    """What a request held and JSON does not know, as text: half a character (`\\ud800`), NaN, infinity."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case float() if not isfinite(value):
            return str(value)
        case Mapping():
            return {_writable(name): _writable(one) for name, one in value.items()}
        case list() | tuple():
            return [_writable(one) for one in value]
    return value


class _ProblemJson(JSONResponse):
    """Nothing that this process knows as a secret, and no character that steers the terminal of whoever prints it."""

    def render(self, content: Any) -> bytes:
        return printable_json(mask_json(json.dumps(content, ensure_ascii=False, separators=(",", ":")))).encode()


def answer_of(
    document: Mapping[str, Any], request: Request, page: ErrorPage | None, headers: Mapping[str, str]
) -> Response:
    """The response: a page for a browser that asks for one outside of the API, else problem+json."""
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
    if page is not None and wants_page:
        response = page(request, document)
        response.status_code = document["status"]
    else:
        response = _ProblemJson(_writable(document), document["status"], media_type=MEDIA_TYPE)
    if document["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "2"
    response.headers.update(headers)
    return response


def install_problems(app: FastAPI, page: ErrorPage, together: Together) -> None:
    """Answers every error of the application so."""

    async def handle(request: Request, error: Exception) -> Response:
        error = await together(request, error)
        document = problem_of(error, request)
        headers = dict(getattr(error, "headers", None) or {})
        if document["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = allowed_methods(request)
        return answer_of(document, request, page, headers)

    for kind in (
        Refusal,
        ChangeoverError,
        RequestValidationError,
        HTTPException,
        ClientDisconnect,
        TimeoutError,
        Exception,
    ):
        app.add_exception_handler(kind, handle)
