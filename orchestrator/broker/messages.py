"""The wire contract of stage messages: the task's name, and what Flower shows of its arguments."""

from __future__ import annotations

from typing import Final

from orchestrator.domain.status import TaskState

RUN_STAGE = "changeover.run_stage"
"""The wire name of the stage task. Its arguments are task id, epoch, stage and turn, and nothing else."""


PUSHED = "lanes.pushed"
"""Hash in the broker, within its key prefix: how many messages were ever published to each lane."""

CANARY_HEADER = "canary"
"""Header of a test message: a word that only its sender knows. See ``workers/canary.py``."""


_OWN: Final = "worker-"


GONE_AFTER_SECONDS: Final = 60
"""How long such a queue stays in Redis after the last message that was put into it. What its worker has not taken by
then goes with it: a test message has been missed, and a turn has a queued lease, so it is published again."""


def own_queue(host: str, pid: int) -> str:
    """The queue of one worker alone: for test messages of ``doctor``, and for turns that another could not run."""
    return f"{_OWN}{host}-{pid}"


def is_own_queue(queue: str) -> bool:
    """Whether it is the queue of one worker alone."""
    return queue.startswith(_OWN)


def shown_arguments(tenant_id: str, mode: TaskState, stage_name: str, turn: int) -> str:
    """What Flower shows as the row's arguments; ids stay in the message, metric labels stay few."""
    verb = "roll back " if mode is TaskState.ROLLING_BACK else ""
    return f"tenant={tenant_id} stage={verb}{stage_name} turn={turn}"
