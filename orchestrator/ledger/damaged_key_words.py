"""The sentence for a key that is not what Changeover wrote there: which it is, and what mends it.

Whoever meets one says so itself: `doctor` looks at the tenants of open tasks alone.
"""

from __future__ import annotations

import re
import shlex
from typing import Final

from redis.exceptions import ResponseError

from orchestrator.ledger.keys import PATTERNS

REMADE: Final = ("tenant", "line", "group", "group_line", "frozen", "queue", "slots", "plan_paused")
"""Keys of one thing that a coordinator makes anew from the tasks' records (docs/runbooks.md, damaged-plan-key)."""

_HEADS: Final = "|".join(re.escape(PATTERNS[kind].removesuffix("{}")) for kind in REMADE)
_REMADE_KEY: Final = re.compile(rf"the key (changeover:\{{[^}}]*\}}:(?:{_HEADS})\S+) is damaged")


def damaged_key(key: str) -> ResponseError:
    """The error of a key of another type, in the words of the scripts (``includes/whole.lua``)."""
    return ResponseError(f"the key {key} is damaged")


def mend_of(told: str) -> str:
    """What to type where such an error was told; "" of a key that `doctor` is to be asked of."""
    found = _REMADE_KEY.search(told)
    if found is None:
        return ""
    return f"in redis-cli: `{shlex.join(('DEL', found[1]))}`, and a coordinator makes anew what open tasks tell"
