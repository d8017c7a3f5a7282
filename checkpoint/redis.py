"""Checkpoints in Redis: one string a task, where the ledger's own scripts write it too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Final, cast

import redis

from checkpoint.contract import Checkpoint

PAGE: Final = 1000
"""Checkpoints read in one round trip."""


class RedisCheckpointStore:
    """``key_of`` gives the key of a task's checkpoint; the client decodes responses."""

    def __init__(self, client: redis.Redis, key_of: Callable[[str], str]) -> None:
        self._client = client
        self._key_of = key_of
        self._save = client.register_script((files("checkpoint") / "save.lua").read_text())

    def save(self, checkpoint: Checkpoint) -> bool:
        """See ``CheckpointStore``. Compared and set in one script."""
        arguments: list[str | int] = [checkpoint.to_json(), checkpoint.epoch, checkpoint.completed_stages]
        return bool(self._save(keys=[self._key_of(checkpoint.task_id)], args=arguments) == "SAVED")

    def load(self, task_id: str) -> Checkpoint | None:
        """See ``CheckpointStore``."""
        return self.load_many([task_id]).get(task_id)

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        """See ``CheckpointStore``; a thousand a round trip."""
        found: dict[str, Checkpoint] = {}
        for start in range(0, len(task_ids), PAGE):
            page = task_ids[start : start + PAGE]
            texts = cast(list[str | None], self._client.mget([self._key_of(task_id) for task_id in page]))
            found |= {task_id: Checkpoint.from_json(text) for task_id, text in zip(page, texts, strict=True) if text}
        return found

    def delete(self, task_id: str) -> None:
        """See ``CheckpointStore``."""
        self._client.delete(self._key_of(task_id))
