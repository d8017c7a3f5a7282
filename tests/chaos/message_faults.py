"""Faults of what lies in queues: messages doubled, lost, and things that are no messages of ours."""

from __future__ import annotations

import json
from typing import Any, cast

from orchestrator.domain.lanes import lane_names
from orchestrator.history.broker_dump import named_tasks
from tests.chaos.scene import Fault, Scene

NO_MESSAGES = (b"", b"not json", b"[]", b"{}", json.dumps({"body": "", "headers": None, "properties": {}}).encode())
NO_WAKES: tuple[dict[str, str], ...] = (
    {"rubbish": "1"},
    {"plan": "no-such-plan"},
    {"plan": ""},
    {"task": "no-plan"},
    {"plan": "p", "task": "no-task-id"},
    {"plan": "p", "task": "p.99999"},
)


def _queues(scene: Scene) -> list[str]:
    world = scene.world
    return [f"changeover:{world.place.namespace}:{name}" for name in lane_names(world.settings.lanes)]


def double_messages(scene: Scene) -> None:
    """Everything that waits in the broker's queues waits twice, but for what does already."""
    waiting = scene.world.messages().waiting
    for key in _queues(scene):
        for message in cast(list[bytes], scene.world.broker.lrange(key, 0, -1)):
            if all(waiting[task_id] == 1 for task_id in _named(message)):
                scene.world.broker.lpush(key, message)


def _named(message: bytes) -> list[str]:
    """The tasks that a message names; none where it is no message."""
    try:
        return list(named_tasks(json.loads(message)))
    except (ValueError, AttributeError):
        return []


def drop_messages(scene: Scene) -> None:
    """Half of what waits is lost."""
    for key in _queues(scene):
        for _ in range((scene.world.broker.llen(key) + 1) // 2):
            scene.world.broker.lpop(key)


def garbage_messages(scene: Scene) -> None:
    """Each lane gets things that no dispatcher of ours has written."""
    for key in _queues(scene):
        scene.world.broker.rpush(key, *NO_MESSAGES)


def garbage_wakes(scene: Scene) -> None:
    """So does the coordinators' inbox."""
    for fields in NO_WAKES:
        entry: dict[Any, Any] = {**fields}
        scene.garbage.append(str(scene.world.redis.xadd(scene.world.keys.of("inbox"), entry)))


KINDS: dict[str, Fault] = {
    "double-messages": double_messages,
    "drop-messages": drop_messages,
    "garbage-messages": garbage_messages,
    "garbage-wakes": garbage_wakes,
}
