"""A process that works in another namespace of the same Redis: often the one that was meant."""

from __future__ import annotations

from orchestrator.ledger.reader import Reader


def elsewhere(reader: Reader, role: str) -> tuple[str, list[str]] | None:
    """The first other namespace that has live processes of this role, and their names; None when none is found."""
    for namespace, found in reader.other_namespaces().items():
        if names := [one.name for one in found if one.role == role]:
            return namespace, names
    return None
