"""The wire contract of stage messages: the task's name, what the arguments name, and what Flower shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Turn

RUN_STAGE = "changeover.run_stage"
"""The wire name of the stage task. Its arguments are task id, epoch, stage and turn, and nothing else."""


ROUND = "round"
"""Named argument of a poll round's message: its further turns; see ``rounds.py``."""

MOST_TURNS: Final = 100
"""Of one round's message: what a lost one delays."""

LOOK = "changeover.look"
"""A look at a tenant whose wave soaks. Its arguments are task id and number of the look."""

ASK_GATE = "changeover.ask_gate"
"""A question to an HTTP gate. Its arguments are plan id, index of the wave and number of the question."""

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
    return f"{shown_poll(tenant_id, mode, stage_name)} turn={turn}"


def shown_poll(tenant_id: str, mode: TaskState, stage_name: str) -> str:
    """The same of one among others of a poll round."""
    verb = "roll back " if mode is TaskState.ROLLING_BACK else ""
    return f"tenant={tenant_id} stage={verb}{stage_name}"


def turns_of(arguments: Sequence[Any], named: Mapping[str, Any]) -> list[Turn]:
    """All turns that a message names, each once; what a newer release has added to one is not looked at."""
    rows = [arguments, *named.get(ROUND, ())]
    return list(dict.fromkeys(Turn(*row[:4]) for row in rows))


def is_round(named: Mapping[str, Any]) -> bool:
    """Whether a message with these named arguments is of a round, be it of one turn."""
    return ROUND in named
