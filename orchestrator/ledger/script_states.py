"""Puts the states where a script names them: ``TASK.FAILED`` becomes ``'FAILED'``, and ``COUNT.FAILED`` the counter of
the tasks that are, ``'n:FAILED'``.

So a script quotes no state, one that the domain does not know (any more) is a mistake with file and line as soon as the
script is assembled, and no call reads a table of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from orchestrator.domain.status import PlanState, TaskState
from orchestrator.domain.waves import WaveState

NAMED: Final[Mapping[str, tuple[type[StrEnum], str]]] = {
    "TASK": (TaskState, ""),
    "PLAN": (PlanState, ""),
    "WAVE": (WaveState, ""),
    "COUNT": (TaskState, "n:"),
}
"""Whose states each name in a script stands for, and what their text begins with."""

_ASKED: Final = re.compile(rf"(?<![\w.])({'|'.join(NAMED)})\.(\w+)")


def with_states(file_name: str, source: str) -> str:
    """The source of a script or an include. Raises ``ValueError``, naming file and line, on an unknown state."""

    def quoted(match: re.Match[str]) -> str:
        states, head = NAMED[match[1]]
        if match[2] not in states.__members__:
            at = f"{file_name}:{source.count(chr(10), 0, match.start()) + 1}"
            raise ValueError(f"{at}: {match[0]} is no state: expected one of {', '.join(states.__members__)}")
        return f"'{head}{states[match[2]]}'"

    return _ASKED.sub(quoted, source)
