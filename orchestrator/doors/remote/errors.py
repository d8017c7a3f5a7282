"""A console's problems as the errors that they were on its side, so that whoever catches them sees no difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orchestrator.domain.errors import (
    ChangeoverError,
    DamagedData,
    InvalidInput,
    NotAllowed,
    NotFound,
    PlanConflict,
    Problem,
    StoreFault,
    TenantsMoved,
    Unreachable,
)

REQUEST_ID: Final = "Idempotency-Key"
"""The header in which a request id is sent."""


class TokenRefused(ChangeoverError):
    """The console does not know the token, or its role may not do that. Ask an admin of the console for another."""

    code = "token_refused"
    exit_code = 3


class ConsoleFailed(ChangeoverError):
    """The console answers in a way that it should not: it failed, is another release, or is something else."""

    code = "console_failed"
    exit_code = 4


_ALIKE: Mapping[str, type[ChangeoverError]] = {
    one.code: one for one in (PlanConflict, NotFound, NotAllowed, DamagedData, Unreachable, StoreFault)
}


def error_of(status: int, document: Mapping[str, Any], url: str) -> ChangeoverError:
    """The error that a problem document stands for; ``document`` is empty when the answer was none."""
    code, said = str(document.get("code", "")), _sentence(document, url)
    if status in (401, 403):
        return TokenRefused(f"the console at {url} refuses the token: {said}")
    if (wrong := _list(document, "errors")) or code == InvalidInput.code:
        return InvalidInput([_problem(one) for one in wrong] or [Problem("", None, said)])
    if code == TenantsMoved.code:
        named = [str(one) for one in _list(document, "tenantIds")]
        count = document.get("count")
        return TenantsMoved(named, count if isinstance(count, int) else len(named))
    if code in _ALIKE:
        return _ALIKE[code](said)
    if status in (429, 502, 503, 504):
        return Unreachable(f"the console at {url} cannot answer now: {said}")
    if 400 <= status < 500 and document:
        return InvalidInput([Problem("", None, said)])
    return ConsoleFailed(f"the console at {url} answers {status}: {said}")


def _sentence(document: Mapping[str, Any], url: str) -> str:
    told = document.get("detail") or document.get("title")
    return str(told or f"{url} gives no answer of a console; is CHANGEOVER_API_URL right?")


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _problem(one: Any) -> Problem:
    told = one if isinstance(one, Mapping) else {}
    path = str(told.get("path", ""))
    return Problem("request_id" if path == REQUEST_ID else path, told.get("value"), str(told.get("message", "")))
