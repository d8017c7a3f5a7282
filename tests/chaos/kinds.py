"""All kinds of faults by name, and those that wait for the mend of what they break."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tests.chaos import (
    clock_faults,
    damage_faults,
    message_faults,
    network_faults,
    process_faults,
    server_faults,
)
from tests.chaos.scene import Fault

ALL: Final[dict[str, Fault]] = {
    **process_faults.KINDS,
    **server_faults.KINDS,
    **message_faults.KINDS,
    **network_faults.KINDS,
    **clock_faults.KINDS,
    **damage_faults.KINDS,
}

PENDING: Final[dict[str, str]] = {}
"""Kinds that still break what they must not, with what they break: run by ``--also NAME`` only."""

CLOCKS: Final = frozenset(clock_faults.KINDS)
"""These need a C compiler."""


def chosen(*, also: Collection[str] = (), without: Collection[str] = (), only: Collection[str] = ()) -> list[str]:
    """The names of a run's kinds, sorted. Raises ``ValueError`` for a name that is none."""
    if unknown := sorted({*also, *without, *only} - ALL.keys()):
        raise ValueError(f"no such kind of fault: {', '.join(unknown)}; known: {', '.join(sorted(ALL))}")
    names = set(only) or (ALL.keys() - PENDING.keys()) | set(also)
    return sorted(names - set(without))
