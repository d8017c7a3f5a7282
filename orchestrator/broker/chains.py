"""The Celery chain of a task's remaining stages, as a coordinator publishes it, or a worker that goes no further.

The message is the one that ``celery.chain`` would publish. It is put together here, since a chain that is applied
clones and freezes every link several times, which took most of a coordinator's time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from celery import Celery

from orchestrator.broker.messages import RUN_STAGE, shown_arguments
from orchestrator.domain import formats
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Admitted
from orchestrator.observability.tracing import task_headers


def publish_chain(
    app: Celery,
    task: Admitted,
    leg_names: Sequence[str],
    lanes: int,
    due_ms: int | None = None,
    queue: Any = None,
    **options: Any,
) -> None:
    """From the task's current leg and turn to its last leg; ``leg_names`` names all its legs.

    ``due_ms``: when the first is due, by the ledger's clock; at once if not given. ``queue``: where it goes if not to
    the tenant's lane. ``options`` are those of ``Celery.send_task``.
    """
    lane = lane_of(task.tenant_id, lanes)
    trace = task_headers(task.task_id, rolls_back=task.mode is TaskState.ROLLING_BACK)
    headers = {"lane": lane, "format": formats.MESSAGE, **trace}
    # As a worker takes them: the next one last.
    links = [_link(task, leg, leg_names[leg], headers) for leg in range(task.legs - 1, task.stage, -1)]
    app.send_task(
        RUN_STAGE,
        args=(task.task_id, task.epoch, task.stage, task.turn),
        queue=queue or lane_name(lane),
        headers=headers,
        argsrepr=shown_arguments(task.tenant_id, task.mode, leg_names[task.stage], task.turn),
        chain=links,
        eta=None if due_ms is None else due_time(due_ms),
        **options,
    )


def _link(task: Admitted, leg: int, name: str, headers: dict[str, Any]) -> dict[str, Any]:
    shown = shown_arguments(task.tenant_id, task.mode, name, 0)
    return {
        "task": RUN_STAGE,
        "args": (task.task_id, task.epoch, leg, 0),
        "kwargs": {},
        "options": {"headers": headers, "argsrepr": shown},
        "subtask_type": None,
        "immutable": True,
    }


def due_time(due_ms: int) -> datetime:
    """A time of the ledger's clock, as a message carries it; whoever receives it knows that clock."""
    return datetime.fromtimestamp(due_ms / 1000, UTC)
