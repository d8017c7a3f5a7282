"""What a request brings and an operation does not know is a mistake: a filter behind the ``?`` that is spelled wrong
would show all, and who sends an ``Idempotency-Key`` counts on being answered once. So is what it brings twice: one of
the two would be passed over."""

from __future__ import annotations

from typing import Final, get_args, get_origin
from urllib.parse import unquote

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Param, Query
from fastapi.routing import APIRoute

from orchestrator.console.access.csrf import SAFE
from orchestrator.console.problems import Refusal
from orchestrator.control.order_gate import request_id_fault
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import bounded_comparing, unknown
from orchestrator.files.json_text import key_given_twice

MOST_TOLD: Final = 5
KEY: Final = "Idempotency-Key"
ONCE: Final = "it is given twice; say which one is meant"


async def require_known_parameters(request: Request) -> None:
    """Raises ``InvalidInput`` that names each unknown one, a few at most, and the one that was meant."""
    if not (asked := request.query_params):
        return
    known = _known_to(request.scope["route"])
    wrong = [name for name in asked if name not in known][:MOST_TOLD]
    with bounded_comparing():
        problems = [Problem(name, asked[name], unknown("parameter", name, known)) for name in wrong]
    single = [name for name, takes_many in known.items() if not takes_many and len(asked.getlist(name)) > 1]
    problems += [Problem(name, ", ".join(asked.getlist(name)), ONCE) for name in single[:MOST_TOLD]]
    if problems:
        raise InvalidInput(problems)


class Unrepeatable(Refusal):
    """Of a request with a key that would be passed over in silence."""

    def __init__(self) -> None:
        message = (
            f"it knows no {KEY}: sent again it would be done again; send it without, and look before you repeat it"
        )
        super().__init__(400, "no_idempotency", "It cannot be repeated", message)


async def require_known_key(request: Request) -> None:
    """Raises ``Unrepeatable``, and ``InvalidInput`` for two keys or one that can be none."""
    if len(given := request.headers.getlist(KEY)) > 1:
        raise InvalidInput([Problem(KEY, ", ".join(given), ONCE)])
    if not given:
        return
    if KEY in _known_to(request.scope["route"], Header):
        request_id_in(given[0])
    elif request.method not in SAFE:
        raise Unrepeatable


def request_id_in(key: str) -> str:
    """What a key means. Raises ``InvalidInput``: one that were left out, or read as another's, would not make it one
    request."""
    try:
        found = unquote(key.encode("ascii").decode(), errors="strict")
    except UnicodeError:
        raise InvalidInput([Problem(KEY, key, "expected ASCII; percent-encode what is none, as UTF-8")]) from None
    if wrong := request_id_fault(found):
        raise InvalidInput([Problem(KEY, found, wrong)])
    return found


async def require_each_key_once(request: Request) -> None:
    """Raises ``InvalidInput`` for a body that says something twice. A plan's own reader does so too."""
    if not request.scope["route"].dependant.body_params or not (body := await request.body()):
        return
    if (twice := key_given_twice(body)) is not None:
        raise InvalidInput([Problem(twice, None, ONCE)])


CHECKS: Final = (require_known_parameters, require_known_key, require_each_key_once)
"""Of every route of the API."""


def _known_to(route: APIRoute, kind: type[Param] = Query) -> dict[str, bool]:
    """By name, whether it may be given again."""
    known = [one for one in get_flat_params(route.dependant) if isinstance(one.field_info, kind)]
    return {one.alias: _takes_many(one.field_info.annotation) for one in known}


def _takes_many(annotation: object) -> bool:
    return get_origin(annotation) is list or any(_takes_many(one) for one in get_args(annotation))
