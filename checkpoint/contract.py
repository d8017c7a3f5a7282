"""What a checkpoint is, and the duties of a store that keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

SIZE_LIMIT: Final = 256 * 1024
"""Largest checkpoint in bytes of its JSON."""


class CheckpointTooLarge(Exception):
    """The outputs of a task's stages have grown past the limit; let steps return less."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a task needs to go on after its last good stage.

    ``completed_stages`` counts the legs done in this ``mode`` (RUNNING or ROLLING_BACK); ``outputs`` holds, by stage
    name and step index, what steps returned. ``epoch`` and ``completed_stages`` order the saves of one task.
    """

    task_id: str
    epoch: int
    attempt: int
    mode: str
    completed_stages: int
    last_stage: str
    outputs: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Compact JSON. Raises ``CheckpointTooLarge``."""
        # Not dataclasses.asdict: it copies the outputs deeply, on the hot path of every stage.
        fields = {name: getattr(self, name) for name in self.__slots__}
        text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) > SIZE_LIMIT:
            raise CheckpointTooLarge(f"checkpoint of {self.task_id} is larger than {SIZE_LIMIT} bytes")
        return text

    @classmethod
    def from_json(cls, text: str) -> Checkpoint:
        """The reverse of ``to_json``."""
        return cls(**json.loads(text))


class CheckpointStore(Protocol):
    """Keeps at most one checkpoint a task. Every method may be repeated; a repeat changes nothing more."""

    def save(self, checkpoint: Checkpoint) -> bool:
        """Keep this one unless a newer one is kept (higher epoch, or same epoch and more stages): then False."""
        ...

    def load(self, task_id: str) -> Checkpoint | None:
        """The kept one, or None."""
        ...

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        """The kept ones of these tasks, in few round trips."""
        ...

    def delete(self, task_id: str) -> None:
        """Forget it; also when there is none."""
        ...
