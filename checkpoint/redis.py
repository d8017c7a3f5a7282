"""Checkpoints in Redis: one string a task, where the ledger's own scripts write it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Final, cast

import redis
from redis.exceptions import RedisError

from checkpoint.contract import (
    SIZE_LIMIT,
    Checkpoint,
    CheckpointDamaged,
    CheckpointStoreMisused,
    CheckpointStoreUnavailable,
    Kept,
)

PAGE: Final = 1000
"""Checkpoints read in one round trip."""

_GLOB = str.maketrans({character: f"\\{character}" for character in "*?[]\\"})


class RedisCheckpointStore:
    """``key_of`` gives the key of a task's checkpoint, with the task's id at its end; the client decodes responses."""

    def __init__(self, client: redis.Redis, key_of: Callable[[str], str], size_limit: int = SIZE_LIMIT) -> None:
        self._client = client
        self._key_of = key_of
        self._size_limit = size_limit
        scripts = files("checkpoint")
        self._save = client.register_script((scripts / "save.lua").read_text())
        self._delete = client.register_script((scripts / "delete.lua").read_text())

    def save(self, checkpoint: Checkpoint) -> bool:
        """See ``CheckpointStore``. Compared and set in one script."""
        text = checkpoint.to_json(self._size_limit)
        arguments: list[str | int] = [text, checkpoint.epoch, checkpoint.completed_stages]
        with _translated():
            return bool(self._save(keys=[self._key_of(checkpoint.task_id)], args=arguments) == "SAVED")

    def load(self, task_id: str) -> Checkpoint | None:
        """See ``CheckpointStore``."""
        return self.load_many([task_id]).get(task_id)

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        """See ``CheckpointStore``; a thousand a round trip."""
        return {task_id: Checkpoint.from_json(text) for task_id, text in self._texts(task_ids).items()}

    def _texts(self, task_ids: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(task_ids), PAGE):
            page = task_ids[start : start + PAGE]
            with _translated():
                texts = cast(list[str | None], self._client.mget([self._key_of(task_id) for task_id in page]))
            found |= {task_id: text for task_id, text in zip(page, texts, strict=True) if text is not None}
        return found

    def delete(self, task_id: str, epoch: int | None = None) -> None:
        """See ``CheckpointStore``."""
        with _translated():
            if epoch is None:
                self._client.delete(self._key_of(task_id))
            else:
                self._delete(keys=[self._key_of(task_id)], args=[epoch])

    def kept(self, after: str = "", limit: int = 1000) -> list[Kept]:
        """See ``CheckpointStore``. Walks over the whole database: for a look now and then, on no busy path."""
        prefix = self._key_of("")
        with _translated():
            keys = cast(Iterator[str], self._client.scan_iter(prefix.translate(_GLOB) + "*", count=PAGE))
            task_ids = sorted({key.removeprefix(prefix) for key in keys})
        page = [task_id for task_id in task_ids if task_id > after][:limit]
        return [Kept(task_id, _epoch_of(text)) for task_id, text in self._texts(page).items()]


def _epoch_of(text: str) -> int:
    """Of what a hand has made into no checkpoint: one that a task without a checkpoint is rid of, too."""
    try:
        return Checkpoint.from_json(text).epoch
    except CheckpointDamaged:
        return 0


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        # Of a key that a hand has made into something else, each repeat would say the same. All else is put right at
        # the server (away, failing over, full, a right that is missing), and the call works then.
        if str(error).startswith("WRONGTYPE") or "user_script" in str(error):
            raise CheckpointStoreMisused(f"Redis refuses: {error}") from error
        raise CheckpointStoreUnavailable(f"Redis does not answer: {error}") from error
