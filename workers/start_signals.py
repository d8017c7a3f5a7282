"""Receivers of Celery's signals without which a worker is none: where one fails, the process ends.

Celery logs what a receiver raises and goes on, but for an exit. A worker whose settings were judged only in part, that
is on no list, or that does not tell what it has in hand would take messages all the same, and lose each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from orchestrator.observability.refusals import refusal_lines
from workers.start_options import start_refusal


def ends_process(receiver: Callable[..., None]) -> Callable[..., None]:
    """The receiver, whose failure is told as ``changeover worker`` tells it and is the exit code of the process."""

    @wraps(receiver)
    def received(**given: Any) -> None:
        try:
            receiver(**given)
        except Exception as error:
            told = start_refusal(error, ["worker"])
            sys.stderr.writelines(f"{line}\n" for line in refusal_lines(told))
            raise SystemExit(told.exit_code) from error

    return received
