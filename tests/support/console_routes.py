"""Every route of a console, with the permission that it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import iter_route_contexts

from orchestrator.console.access.door import is_public
from orchestrator.console.access.roles import Permission, PermissionNeeded


@dataclass(frozen=True)
class ConsoleRoute:
    """``permissions``: those that its dependencies name; each route is to have one, unless it is public."""

    method: str
    path: str
    permissions: tuple[Permission, ...]
    queried: tuple[str, ...] = ()
    """Names of what it takes behind the ``?``."""
    needed: tuple[str, ...] = ()
    """Those without which it refuses."""
    takes_body: bool = False

    @property
    def is_public(self) -> bool:
        return is_public(self.path)

    @property
    def address(self) -> str:
        """A path of it, of things that are not there."""
        return self.address_of({})

    def address_of(self, known: Mapping[str, str]) -> str:
        """A path of it, of these things, by the names that the route gives them; of others none are there."""
        return re.sub(r"\{([^}]*)\}", lambda name: known.get(name[1], "absent"), self.path)


def routes_of(app: FastAPI) -> list[ConsoleRoute]:
    found = []
    for context in iter_route_contexts(app.routes):
        if not context.methods:
            continue  # the folder of static files
        dependant = getattr(context, "dependant", None) or context.original_route.dependant  # type: ignore[attr-defined]
        query = {one.alias: one.field_info for one in get_flat_params(dependant) if isinstance(one.field_info, Query)}
        needed = tuple(name for name, field in query.items() if field.is_required())
        told = (tuple(_permissions(dependant)), tuple(query), needed, _takes_body(dependant))
        found += [ConsoleRoute(method, str(context.path_format), *told) for method in sorted(context.methods)]
    return found


def _permissions(dependant: Any) -> list[Permission]:
    own = [dependant.call.permission] if isinstance(dependant.call, PermissionNeeded) else []
    return own + [one for below in dependant.dependencies for one in _permissions(below)]


def _takes_body(dependant: Any) -> bool:
    return bool(dependant.body_params) or any(_takes_body(below) for below in dependant.dependencies)
