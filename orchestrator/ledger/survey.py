"""Groups the tasks of a plan by why they failed, wait or were given up, in bounded steps and bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import redis

from orchestrator.ledger.keys import Keys
from orchestrator.ledger.looks import look

TASKS_A_STEP: Final = 500
"""Tasks that one script looks at: some two milliseconds of Redis' time."""

SAMPLES: Final = 3
"""Tasks of a group that are named."""


@dataclass(slots=True)
class TaskGroup:
    """Tasks of one kind (see ``scripts/survey_tasks.lua``, which also says what the three words are)."""

    kind: str
    words: tuple[str, str, str]
    count: int = 0
    positions: list[int] = field(default_factory=list)
    """The first few, in plan order."""


def survey(client: redis.Redis, keys: Keys, plan_id: str, total: int) -> list[TaskGroup]:
    """The groups of the plan's ``total`` tasks, the largest first."""
    groups: dict[tuple[str, ...], TaskGroup] = {}
    for first in range(0, total, TASKS_A_STEP):
        step = (plan_id, first, min(TASKS_A_STEP, total - first), SAMPLES)
        for kind, *words, count, positions in look(client, keys, "survey_tasks", step):
            group = groups.setdefault((kind, *words), TaskGroup(kind, (words[0], words[1], words[2])))
            group.count += count
            group.positions += positions[: SAMPLES - len(group.positions)]
    return sorted(groups.values(), key=lambda group: -group.count)
