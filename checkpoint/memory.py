"""Checkpoints in the memory of one process: for tests and for programs that run everything in themselves."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from checkpoint.contract import SIZE_LIMIT, Checkpoint, Kept


class MemoryCheckpointStore:
    """Lost with the process. Keeps JSON, as the other stores do, so that nothing of the caller's is shared."""

    def __init__(self, size_limit: int = SIZE_LIMIT) -> None:
        self._size_limit = size_limit
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, int, str]] = {}

    def save(self, checkpoint: Checkpoint) -> bool:
        """See ``CheckpointStore``."""
        text = checkpoint.to_json(self._size_limit)
        version = (checkpoint.epoch, checkpoint.completed_stages)
        with self._lock:
            known = self._kept.get(checkpoint.task_id)
            if known is not None and known[:2] > version:
                return False
            self._kept[checkpoint.task_id] = (*version, text)
        return True

    def load(self, task_id: str) -> Checkpoint | None:
        """See ``CheckpointStore``."""
        return self.load_many([task_id]).get(task_id)

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        """See ``CheckpointStore``."""
        with self._lock:
            texts = {task_id: self._kept[task_id][2] for task_id in task_ids if task_id in self._kept}
        return {task_id: Checkpoint.from_json(text) for task_id, text in texts.items()}

    def delete(self, task_id: str, epoch: int | None = None) -> None:
        """See ``CheckpointStore``."""
        with self._lock:
            known = self._kept.get(task_id)
            if known is not None and (epoch is None or known[0] <= epoch):
                del self._kept[task_id]

    def kept(self, after: str = "", limit: int = 1000) -> list[Kept]:
        """See ``CheckpointStore``."""
        with self._lock:
            found = sorted(task_id for task_id in self._kept if task_id > after)[:limit]
            return [Kept(task_id, self._kept[task_id][0]) for task_id in found]
