"""Counts the stage messages that lie in the broker, by task: what waits, and what workers hold unacknowledged."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import redis

from orchestrator.broker.messages import RUN_STAGE, turns_of
from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.reader import PAGE


@dataclass(frozen=True, slots=True)
class StageMessages:
    """By task id: the messages that wait in a lane, and those that workers have ``taken`` and not yet acknowledged."""

    waiting: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)


def read_messages(broker: redis.Redis, namespace: str, lanes: int) -> StageMessages:
    """The messages of a queue that is being served may be counted in neither place or in both."""
    prefix = f"changeover:{namespace}:"
    found = StageMessages()
    for name in lane_names(lanes):
        start = 0
        while page := cast(list[Any], broker.lrange(prefix + name, start, start + PAGE - 1)):
            found.waiting.update(task_id for entry in page for task_id in named_tasks(json.loads(entry)))
            start += PAGE
    for entry in cast(list[Any], broker.hvals(f"{prefix}unacked")):
        found.taken.update(named_tasks(json.loads(entry)[0]))
    return found


def named_tasks(message: dict[str, Any]) -> Iterator[str]:
    """The tasks that a message of kombu's names; nothing for other messages."""
    if message.get("headers", {}).get("task") == RUN_STAGE:
        arguments, named, *_ = json.loads(base64.b64decode(message["body"]))
        yield from (turn.task_id for turn in turns_of(arguments, named))
