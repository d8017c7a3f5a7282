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

SHOWN: Final = 3
"""Turns that a round's row in Flower names; the others are counted. Of a round of a hundred with the longest names, all
would be more than a worker lets in, and no row to read."""

LONGEST_SHOWN: Final = 400
"""Characters of a turn in the row: the longest tenant and stage that a plan may name have less."""


def publish_round(
    app: Celery, queue: Any, turns: Sequence[Turn], due_ms: int | None = None, shown: Sequence[str] = ()
) -> None:
    """``queue``: the lane of all of them, or a worker's own queue as Celery takes it; ``due_ms``: of the last by the
    ledger's clock, at once if not given; ``shown``: ``shown_poll`` of the first, as far as it is known."""
    first, *others = turns
    app.send_task(
        RUN_STAGE,
        args=astuple(first),
        kwargs={ROUND: [astuple(turn) for turn in others]},
        queue=queue,
        headers={"format": formats.MESSAGE},
        argsrepr=_row(turns, shown),
        kwargsrepr="",
        eta=None if due_ms is None else due_time(due_ms),
    )


def _row(turns: Sequence[Turn], shown: Sequence[str]) -> str:
    named = [*shown, *(turn.task_id for turn in turns[len(shown) :])][:SHOWN]
    more = f", and {len(turns) - SHOWN} more" if len(turns) > SHOWN else ""
    return f"poll round of {len(turns)}: " + ", ".join(one[:LONGEST_SHOWN] for one in named) + more
