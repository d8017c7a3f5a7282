"""The Celery chain of a task's remaining stages, as a coordinator publishes it, or a worker that goes no further."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from celery import Celery, chain

from orchestrator.broker.messages import RUN_STAGE, shown_arguments
from orchestrator.domain.lanes import lane_of
from orchestrator.ledger.records import Admitted


def chain_of(app: Celery, task: Admitted, leg_names: Sequence[str], lanes: int, due_ms: int | None = None) -> Any:
    """From the task's current leg and turn to its last leg; ``leg_names`` names all its legs.

    ``due_ms``: when the first is due, by the ledger's clock; at once if not given.
    """
    lane = lane_of(task.tenant_id, lanes)
    links = []
    for leg in range(task.stage, task.legs):
        turn = task.turn if leg == task.stage else 0
        link = app.signature(RUN_STAGE, args=(task.task_id, task.epoch, leg, turn), immutable=True)
        shown = shown_arguments(task.tenant_id, task.mode, leg_names[leg], turn)
        links.append(link.set(headers={"lane": lane}, argsrepr=shown))
    if due_ms is not None:
        links[0].set(eta=due_time(due_ms))
    return chain(*links) if len(links) > 1 else links[0]


def due_time(due_ms: int) -> datetime:
    """A time of the ledger's clock, as a message carries it; whoever receives it knows that clock."""
    return datetime.fromtimestamp(due_ms / 1000, UTC)
