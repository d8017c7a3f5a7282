"""What misspelt parameters mean: checks that read one must not believe in its default, nor that it is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from orchestrator.domain.errors import QUOTE_LIMIT
from orchestrator.domain.naming import nearest, snake_case

_MOST_COMPARED: Final = 10
"""Names of one mapping: each costs a comparison with all that are known."""


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    return nearest(name, known) if len(name) <= QUOTE_LIMIT else None


def meant_parameters(given: Mapping[str, Any], written: Mapping[str, str], own: Collection[str]) -> dict[str, Any]:
    """By field, what stands under a name that is none where that field is most likely meant. ``written``: the fields
    with the names that people write; ``own``: those that are given."""
    known = {name: field for field, name in written.items()}
    found: dict[str, Any] = {}
    strange = ((name, key) for key in given if (name := snake_case(key)) not in known and name not in written)
    for name, key in islice(strange, _MOST_COMPARED):
        near = _nearest(name, tuple(known))
        if near is not None and known[near] not in own:
            found[known[near]] = given[key]
    return found
