"""What a request brings and an operation does not know is a mistake: a filter behind the ``?`` that is spelled wrong
would show all, and who sends an ``Idempotency-Key`` counts on being answered once."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Header, Param, Query
from fastapi.routing import APIRoute

from orchestrator.console.access.csrf import SAFE
from orchestrator.console.problems import Refusal
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import bounded_comparing, unknown

MOST_TOLD: Final = 5
KEY: Final = "Idempotency-Key"


async def require_known_parameters(request: Request) -> None:
    """Raises ``InvalidInput`` that names each unknown one, a few at most, and the one that was meant."""
    if not (asked := request.query_params):
        return
    known = _known_to(request.scope["route"])
    wrong = [name for name in asked if name not in known][:MOST_TOLD]
    if wrong:
        with bounded_comparing():
            raise InvalidInput([Problem(name, asked[name], unknown("parameter", name, known)) for name in wrong])


async def require_known_key(request: Request) -> None:
    """Raises ``Refusal`` (400) for a key that would be passed over in silence."""
    if KEY in request.headers and request.method not in SAFE and KEY not in _known_to(request.scope["route"], Header):
        message = (
            f"it knows no {KEY}: sent again it would be done again; send it without, and look before you repeat it"
        )
        raise Refusal(400, "no_idempotency", "It cannot be repeated", message)


def _known_to(route: APIRoute, kind: type[Param] = Query) -> list[str]:
    return [one.alias for one in get_flat_params(route.dependant) if isinstance(one.field_info, kind)]
