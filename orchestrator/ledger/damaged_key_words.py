"""The sentence for a key that is not what Changeover wrote there: which it is, and what mends it.

Whoever meets one says so itself, or who names it: `doctor` looks at the tenants of open tasks alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis.exceptions import ResponseError

from orchestrator.domain.typed import typed
from orchestrator.ledger.keys import PATTERNS

REMADE: Final = ("tenant", "line", "group", "group_line", "frozen", "queue", "slots", "plan_paused")
"""Keys of one thing that a coordinator makes anew from the tasks' records (docs/runbooks.md, damaged-plan-key)."""

EXPLAINED: Final = {"log": "plan", "config": "task", "task": "task"}
"""Keys of which `explain` of the plan, or task, says what is wrong and what mends it."""

_HEADS: Final = "|".join(re.escape(PATTERNS[kind].removesuffix("{}")) for kind in REMADE)
_REMADE_KEY: Final = re.compile(rf"the key (changeover:\{{[^}}]*\}}:(?:{_HEADS})\S+) is damaged")


_EXPLAINED_HEADS: Final = "|".join(PATTERNS[kind].removesuffix(":{}") for kind in EXPLAINED)
_EXPLAINED_KEY: Final = re.compile(rf"the key changeover:\{{[^}}]*\}}:({_EXPLAINED_HEADS}):(\S+) is damaged")


def damaged_key(key: str) -> ResponseError:
    """The error of a key of another type, in the words of the scripts (``includes/whole.lua``)."""
    return ResponseError(f"the key {key} is damaged")


@contextmanager
def reading(key: str) -> Iterator[None]:
    """What is read in it is this key alone: an error of a key of another type names it."""
    try:
        yield
    except ResponseError as error:
        if not str(error).startswith("WRONGTYPE"):
            raise
        raise damaged_key(key) from error


def mend_of(told: str) -> str:
    """What to type where such an error was told; "" of a key that `doctor` is to be asked of."""
    if found := _EXPLAINED_KEY.search(told):
        kind = EXPLAINED[found[1]]
        return f"`{typed('explain', f'--{kind}', found[2])}` says what mends it"
    found = _REMADE_KEY.search(told)
    if found is None:
        return ""
    return f"in redis-cli: `{shlex.join(('DEL', found[1]))}`, and a coordinator makes anew what open tasks tell"
