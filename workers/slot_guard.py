"""The last defence of a worker's slots: whatever escapes the body of a task ends that task alone, with a line.

Celery's threads pool tells nobody of what is no ``Exception``: the message would stay in hand, its slot taken, for as
long as the worker lives. The task's lease tells a coordinator.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog

from steps.raised import Escaped, contained

_log = structlog.get_logger(__name__)

P = ParamSpec("P")


def gives_slot_back(body: Callable[P, str]) -> Callable[P, str]:
    """The body of a task, which raises ``Escaped`` in the place of what is no ``Exception`` and not for the process."""

    @wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            with contained("the task"):
                return body(*args, **kwargs)
        except Escaped:
            _log.exception("what was raised is no Exception; the slot is given back", action="turn-escaped")
            raise

    return run
