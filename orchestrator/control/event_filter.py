"""Which events to show: of some types, of some tenants."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from orchestrator.control.order_gate import pattern_problems
from orchestrator.domain import events
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import unknown
from orchestrator.domain.pattern import is_like

EVENT_NAMES: Final[tuple[str, ...]] = tuple(kind.__name__ for kind in events.EVENT_TYPES)


class EventFilter:
    """Answers for each event whether it was asked for; without types or tenants every one is."""

    def __init__(self, types: Collection[str] | None = None, tenants: str | None = None) -> None:
        """``tenants``: a tenant's id, or a pattern such as ``eu-*``. Raises ``InvalidInput`` for what is no type,
        or an empty pattern."""
        wrong = [one for one in types or () if one not in EVENT_NAMES]
        problems = [Problem("--type", one, unknown("type", one, EVENT_NAMES)) for one in wrong]
        if problems := problems + pattern_problems(tenant=tenants):
            raise InvalidInput(problems)
        # Without types every event: also one of a newer release, whose type is not known here.
        self._types = frozenset(types or ())
        self._tenants = tenants

    def passes(self, event: events.Event) -> bool:
        """Whether it was asked for."""
        if self._types and event.type not in self._types:
            return False
        if self._tenants is None:
            return True
        return is_like(getattr(event, "tenant_id", None) or "", self._tenants)
