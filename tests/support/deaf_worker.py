"""Named to a worker by ``--include``: takes its consumer from it once it is ready; it stays alive and connected."""

from __future__ import annotations

from typing import Any

from celery import signals


def _take_the_queues(sender: Any = None, **_: Any) -> None:
    for queue in list(sender.task_consumer.queues):
        sender.cancel_task_queue(queue.name)


signals.worker_ready.connect(_take_the_queues, weak=False)
