"""The message of a poll round: polls of one lane that are due together, under one message instead of one each.

It is the stage message of its first turn, with the others in a named argument, so a worker of an earlier release takes
it for a stage message or drops it; either way the leases of the others bring them back. It has no chain: what follows a
stage that a round has ended is published then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Final

from celery import Celery

from orchestrator.broker.chains import due_time
from orchestrator.broker.messages import ROUND, RUN_STAGE
from orchestrator.domain import formats
from orchestrator.ledger.records import Turn

_SHOWN: Final = 3


def publish_round(app: Celery, queue: Any, turns: Sequence[Turn], due_ms: int | None = None) -> None:
    """``queue``: the lane of all of them, or a worker's own queue as Celery takes it; ``due_ms``: of the last by the
    ledger's clock, at once if not given."""
    first, *others = turns
    app.send_task(
        RUN_STAGE,
        args=astuple(first),
        kwargs={ROUND: [astuple(turn) for turn in others]},
        queue=queue,
        headers={"format": formats.MESSAGE},
        argsrepr=_shown(turns),
        kwargsrepr="",
        eta=None if due_ms is None else due_time(due_ms),
    )


def _shown(turns: Sequence[Turn]) -> str:
    more = ", ..." if len(turns) > _SHOWN else ""
    return f"poll round of {len(turns)}: " + ", ".join(turn.task_id for turn in turns[:_SHOWN]) + more
