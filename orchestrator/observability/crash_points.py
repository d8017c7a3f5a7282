"""Places where a process can be told to die, so that tests can kill exactly there.

``CHANGEOVER_CRASH_AT=point`` (or ``point:n`` for the n-th time this process comes by) kills the process as SIGKILL
does: nothing is flushed and no handler runs. Without the variable every call is an empty function.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "CHANGEOVER_CRASH_AT"

AFTER_ADMISSION = "after-admission"
"""A coordinator has admitted and not yet published."""
BEFORE_BEGIN = "before-begin"
"""A worker has the message and has not asked the ledger."""
AFTER_BEGIN = "after-begin"
"""The turn has begun, no step has run."""
AFTER_STEP = "after-step"
"""A step has left its effect and nothing of it is recorded."""
ROLLBACK_STEP = "rollback-step"
"""The same, while rolling back."""
BETWEEN_POLLS = "between-polls"
"""The poll is recorded, the next message is not published."""
BEFORE_NEXT_LINK = "before-next-link"
"""The stage is recorded, the chain's next link is not published."""
AHEAD = "ahead"
"""What follows a stage has begun in the ledger, and nothing of it has run."""


def _nothing(point: str) -> None:
    pass


def _killer(wanted: str) -> Callable[[str], None]:
    name, _, number = wanted.partition(":")
    passes = itertools.count(1)

    def crash(point: str) -> None:
        if point == name and next(passes) == int(number or 1):
            os.kill(os.getpid(), signal.SIGKILL)

    return crash


reached: Callable[[str], None] = _killer(os.environ[VARIABLE]) if VARIABLE in os.environ else _nothing
"""Says that the process has come to a point."""
