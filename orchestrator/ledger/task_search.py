"""Looks for tasks of a plan, a bounded step at a time: see ``scripts/find_tasks.lua``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LOOKED_AT: Final = 2000
"""Tasks whose status one script looks at: about two milliseconds of Redis' time."""


@dataclass(frozen=True, slots=True)
class Only:
    """Those whose tenant, or whose failure's type (in any case), is like a pattern (``*`` stands for anything), and of
    the wave of this index; None: any."""

    tenants: str | None = None
    cause: str | None = None
    wave: int | None = None


ANY: Final = Only()


def search_steps(
    plan_id: str, total: int, wanted: Sequence[str], only: Only, begin: int = 0
) -> Iterator[list[str | int]]:
    """The arguments of each step's script, from the task at position ``begin`` on."""
    wave = "" if only.wave is None else str(only.wave)
    texts = [pieces(only.tenants), pieces(only.cause and only.cause.lower()), wave]
    for first in range(begin, total, LOOKED_AT):
        yield [plan_id, first, min(LOOKED_AT, total - first), *texts, *wanted]


def pieces(pattern: str | None) -> str:
    """The pattern as scripts read it: the parts between its stars as a JSON list; "" for none."""
    return json.dumps(pattern.split("*")) if pattern else ""
