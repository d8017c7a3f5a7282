"""What is published is what ``celery.chain`` would publish, put together at once."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery, chain

from orchestrator.broker.chains import due_time, publish_chain
from orchestrator.broker.messages import RUN_STAGE, shown_arguments
from orchestrator.domain import formats
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Admitted

LANES = 4
NAMES = ("one", "two", "three")
DRAWN = ("id", "root_id", "parent_id", "task_id", "reply_to", "origin", "stamps", "stamped_headers")
"""What is drawn anew for each message, and what is for results, which are ignored."""


def published(app: Celery, queue: str) -> tuple[dict[str, Any], list[Any]]:
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue(queue).get(timeout=5)
        message.ack()
    return message.headers, message.payload


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_ids(item) for key, item in value.items() if key not in DRAWN}
    return [without_ids(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(
    "task",
    [
        Admitted("p.0", "acme", TaskState.RUNNING, 7, 0, 3),
        Admitted("p.1", "birch", TaskState.ROLLING_BACK, 8, 1, 3, 5),
        Admitted("p.2", "cobalt", TaskState.RUNNING, 9, 2, 3),
    ],
)
def test_the_message_is_that_of_a_celery_chain(task: Admitted) -> None:
    app = Celery("test", broker="memory://", set_as_current=False)
    lane = lane_of(task.tenant_id, LANES)
    links = [
        app.signature(
            RUN_STAGE, args=(task.task_id, task.epoch, leg, task.turn if leg == task.stage else 0), immutable=True
        ).set(
            headers={"lane": lane, "format": formats.MESSAGE},
            argsrepr=shown_arguments(task.tenant_id, task.mode, NAMES[leg], task.turn if leg == task.stage else 0),
        )
        for leg in range(task.stage, task.legs)
    ]
    (chain(*links) if len(links) > 1 else links[0]).apply_async(queue=lane_name(lane))
    headers, body = published(app, lane_name(lane))

    publish_chain(app, task, NAMES, LANES)
    our_headers, our_body = published(app, lane_name(lane))

    assert without_ids(our_headers) == without_ids(headers)
    # A chain of one has none.
    body[2]["chain"] = body[2]["chain"] or []
    assert without_ids(our_body) == without_ids(body)
    app.close()


def test_a_turn_that_is_due_later_says_when() -> None:
    app = Celery("test", broker="memory://", set_as_current=False)
    task = Admitted("p.0", "acme", TaskState.RUNNING, 7, 1, 3, 2)
    publish_chain(app, task, NAMES, LANES, due_ms=1_795_936_885_248)
    headers, body = published(app, lane_name(lane_of("acme", LANES)))
    assert headers["eta"] == due_time(1_795_936_885_248).isoformat() == "2026-11-29T07:21:25.248000+00:00"
    assert body[0] == ["p.0", 7, 1, 2]
    assert [link["args"] for link in body[2]["chain"]] == [["p.0", 7, 2, 0]]
    app.close()
