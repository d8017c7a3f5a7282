"""A process that works in another namespace of the same Redis: often the one that was meant."""

from __future__ import annotations

from functools import cached_property

from orchestrator.ledger.presence import Process
from orchestrator.ledger.reader import Reader


class Elsewhere:
    """The other namespaces, looked for once, when first asked after: the search walks all keys of the Redis."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, role: str) -> tuple[str, list[str]] | None:
        """The first other namespace that has live processes of this role, and their names; None when none is found."""
        for namespace, found in self._namespaces.items():
            if names := [one.name for one in found if one.role == role]:
                return namespace, names
        return None

    @cached_property
    def _namespaces(self) -> dict[str, list[Process]]:
        return self._reader.other_namespaces()
