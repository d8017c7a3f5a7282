"""Whether this worker sends events of tasks, in whichever of its processes one asks; and events of our own among them.

They are on with ``-E`` and once somebody has asked for them, as Flower does: the consumer in the worker's main process
knows, and a process of a prefork pool does not. So it is one byte of memory that all of them share.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from celery import Celery

from orchestrator.broker.messages import RUN_STAGE
from workers.next_link import FailedStage, StageFailed


class TaskEvents:
    """One of a worker, made before its pool forks."""

    def __init__(self) -> None:
        self._on = mmap.mmap(-1, 1)

    def note(self, dispatcher: Any) -> None:
        """``dispatcher``: the consumer's. Called in the worker's main process, with every message."""
        on = dispatcher is not None and dispatcher.enabled and (not dispatcher.groups or "task" in dispatcher.groups)
        if on != self.are_on:
            self._on[0] = on

    @property
    def are_on(self) -> bool:
        """As the last message found it."""
        return bool(self._on[0])


TASK_EVENTS: Final = TaskEvents()
"""Of this worker."""


def send_failed(app: Celery, hostname: str, stages: Sequence[FailedStage]) -> None:
    """A failed row each, in the words of one whose message failed. Raises what the broker does."""
    with app.events.default_dispatcher(hostname=hostname) as dispatcher:
        for stage in stages:
            dispatcher.send(
                "task-failed",
                uuid=str(uuid4()),
                name=RUN_STAGE,
                args=stage.shown,
                kwargs="",
                exception=repr(StageFailed(stage.why)),
                traceback="",
                retries=0,
                # There was no message of its own, and Flower sorts by this.
                received=time.time(),
            )
