"""What a request brings and an operation does not know is a mistake: a filter behind the ``?`` that is spelled wrong
would show all, and who sends an ``Idempotency-Key`` counts on being answered once. So is what it brings twice: one of
the two would be passed over."""

from __future__ import annotations

from typing import Final, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Param, Query
from fastapi.routing import APIRoute

from orchestrator.console.access.csrf import SAFE
from orchestrator.console.problems import Refusal
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
    if wrong:
        with bounded_comparing():
            raise InvalidInput([Problem(name, asked[name], unknown("parameter", name, known)) for name in wrong])
    single = [name for name, takes_many in known.items() if not takes_many and len(asked.getlist(name)) > 1]
    if single:
        raise InvalidInput([Problem(name, ", ".join(asked.getlist(name)), ONCE) for name in single[:MOST_TOLD]])


async def require_known_key(request: Request) -> None:
    """Raises ``Refusal`` (400) for a key that would be passed over in silence, and ``InvalidInput`` for two of them."""
    if len(given := request.headers.getlist(KEY)) > 1:
        raise InvalidInput([Problem(KEY, ", ".join(given), ONCE)])
    if KEY in request.headers and request.method not in SAFE and KEY not in _known_to(request.scope["route"], Header):
        message = (
            f"it knows no {KEY}: sent again it would be done again; send it without, and look before you repeat it"
        )
        raise Refusal(400, "no_idempotency", "It cannot be repeated", message)


async def require_each_key_once(request: Request) -> None:
    """Raises ``InvalidInput`` for a body that says something twice. A plan's own reader does so too."""
    if not request.scope["route"].dependant.body_params or not (body := await request.body()):
        return
    if (twice := key_given_twice(body)) is not None:
        raise InvalidInput([Problem(twice, None, ONCE)])


def _known_to(route: APIRoute, kind: type[Param] = Query) -> dict[str, bool]:
    """By name, whether it may be given again."""
    known = [one for one in get_flat_params(route.dependant) if isinstance(one.field_info, kind)]
    return {one.alias: _takes_many(one.field_info.annotation) for one in known}


def _takes_many(annotation: object) -> bool:
    return get_origin(annotation) is list or any(_takes_many(one) for one in get_args(annotation))
