"""A parameter behind the ``?`` that an operation does not know is a mistake: a filter spelled wrong would show all."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import bounded_comparing, unknown

MOST_TOLD: Final = 5


async def require_known_parameters(request: Request) -> None:
    """Raises ``InvalidInput`` that names each unknown one, a few at most, and the one that was meant."""
    if not (asked := request.query_params):
        return
    known = _known_to(request.scope["route"])
    wrong = [name for name in asked if name not in known][:MOST_TOLD]
    if wrong:
        with bounded_comparing():
            raise InvalidInput([Problem(name, asked[name], unknown("parameter", name, known)) for name in wrong])


def _known_to(route: APIRoute) -> list[str]:
    return [one.alias for one in get_flat_params(route.dependant) if isinstance(one.field_info, Query)]
