"""The last defence of a worker's slots: whatever escapes the body of a task ends that task alone, with a line.

Celery's threads pool tells nobody of what is no ``Exception``: the message would stay in hand, its slot taken, for as
long as the worker lives. The task's lease tells a coordinator.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog
from celery.exceptions import TaskPredicate

from orchestrator.secrets.masking import mask
from steps.raised import Escaped, is_for_process
from steps.told import words_of
from workers.next_link import StageFailed

_log = structlog.get_logger(__name__)

P = ParamSpec("P")


def gives_slot_back(body: Callable[P, str]) -> Callable[P, str]:
    """The body of a task, which raises ``Escaped`` in the place of whatever is neither for the process nor for Celery.

    Without what it came from: Celery asks an error for all of its words and parts, and those may be a user's code.
    """

    @wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return body(*args, **kwargs)
        except (TaskPredicate, StageFailed):
            raise
        except BaseException as error:
            if is_for_process(error):
                raise
            _log.exception("a task ended by what was raised; its slot is given back", action="turn-escaped")
            words = words_of(error)
        raise Escaped(mask(f"the task raised {words}"))

    return run
