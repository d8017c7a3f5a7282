"""What a checkpoint is, and the duties of a store that keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

SIZE_LIMIT: Final = 256 * 1024
"""Largest checkpoint in bytes of its JSON, unless the settings say otherwise."""


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
FORMAT: Final = 1
"""Of a checkpoint's JSON. It rises when what is known of it changes its meaning; from the second on it is written as
``format``, the first key. Without one it is the first, which the releases before there were numbers read too."""


class CheckpointError(Exception):
    """Base of what can go wrong with checkpoints."""


class CheckpointTooLarge(CheckpointError):
    """The outputs of a task's stages have grown past the limit; let steps return less, or raise the limit."""


class CheckpointStoreUnavailable(CheckpointError):
    """The store does not answer for now; the same call may work later. The message names no password."""


class CheckpointTooNew(CheckpointError):
    """A newer release has written it in a form that this one does not know. Nothing was changed; update the process."""


class CheckpointDamaged(CheckpointError):
    """What is kept is no checkpoint: a hand has been in the data. A repeat does not help."""


class CheckpointStoreMisused(CheckpointError):
    """The store cannot be used like this: unknown, wrongly configured, or not for more than one process."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a task needs to go on after its last good stage.

    ``completed_stages`` counts the legs done in this ``mode`` (RUNNING or ROLLING_BACK); ``outputs`` holds, by stage
    name and step index, what steps returned, in the order in which the stages were done (which a store keeps).
    ``epoch`` and ``completed_stages`` order the saves of one task.
    """

    task_id: str
    epoch: int
    attempt: int
    mode: str
    completed_stages: int
    last_stage: str
    outputs: dict[str, Any] = field(default_factory=dict)

    def to_json(self, size_limit: int = SIZE_LIMIT) -> str:
        """Compact JSON of at most ``size_limit`` bytes. Raises ``CheckpointTooLarge``."""
        # Not dataclasses.asdict: it copies the outputs deeply, on the hot path of every stage.
        fields = {name: getattr(self, name) for name in self.__slots__}
        text = _ENCODER.encode(fields)
        # A lone surrogate, as a broken answer may hold, is no text that any store could keep.
        data = text.encode("utf-8", "replace")
        if len(data) > size_limit:
            raise CheckpointTooLarge(
                f"the checkpoint of {self.task_id} has {len(data)} bytes, {size_limit} are allowed "
                "(checkpoint.size_limit_bytes); let steps return less, or raise the limit"
            )
        return data.decode()

    @classmethod
    def from_json(cls, text: str) -> Checkpoint:
        """The reverse of ``to_json``; what a newer release has added is ignored. Raises ``CheckpointTooNew``, and
        ``CheckpointDamaged`` for all that is no checkpoint, whatever it is."""
        known = _object_of(text)
        found = known.get("format", 1)
        if not isinstance(found, int):
            raise CheckpointDamaged(f"format is {_shown(found)}, expected a number")
        if found > FORMAT:
            raise CheckpointTooNew(f"a checkpoint of format {found}; this release knows {FORMAT}")
        for name, kind in _KINDS.items():
            # What has a default may be left out.
            if not isinstance(known.get(name, {} if name == "outputs" else None), kind):
                value = _shown(known[name]) if name in known else "missing"
                raise CheckpointDamaged(f"{name} is {value}, expected {_EXPECTED[kind]}")
        return cls(**{name: known[name] for name in cls.__slots__ if name in known})


_KINDS: Final[dict[str, type]] = {
    "task_id": str,
    "epoch": int,
    "attempt": int,
    "mode": str,
    "completed_stages": int,
    "last_stage": str,
    "outputs": dict,
}
_EXPECTED: Final[dict[type, str]] = {str: "text", int: "a whole number", dict: "a JSON object"}


def _object_of(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CheckpointDamaged(f"it is {_shown(text)}, expected a JSON object")
    return found


def _shown(value: object) -> str:
    """Short, on one line."""
    return cut_at(repr(value), 40)


def cut_at(text: str, most: int) -> str:
    """At most so many characters, and the mark by which whoever masks it knows that it was cut."""
    return text if len(text) <= most else text[:most] + "…"


@dataclass(frozen=True, slots=True)
class Kept:
    """Names one kept checkpoint: enough to delete just this one and none that is saved later."""

    task_id: str
    epoch: int


class CheckpointStore(Protocol):
    """Keeps at most one checkpoint a task, for many threads at once (and many processes, unless it says otherwise).

    Duties of every method:

    - *Atomic.* A save is there as a whole or not at all, also when the process is killed inside the call; two saves at
      once end as one after the other would. Comparing and writing are one act in the store, not two round trips.
    - *Idempotent.* A reply may be lost and the call made again; the repeat changes nothing more and answers the same.
    - *Durable* once it has returned, as far as the store promises any durability.
    - *Bounded.* A call ends within seconds: an answer that does not come is ``CheckpointStoreUnavailable``. Who asks
      cannot end it, and holds a worker's slot meanwhile.
    - *Errors.* ``CheckpointTooLarge`` from ``save``, before anything is written; ``CheckpointStoreUnavailable``
      when the store is away or busy (the caller waits and repeats); ``CheckpointStoreMisused`` when a repeat cannot
      help; ``CheckpointDamaged`` or ``CheckpointTooNew`` from what reads when one of those asked for is (the caller
      asks for each by itself). An unknown task is no error.

    The ledger's recorded stages are the truth. A store outside the ledger is written before it and deleted from after
    it, so it may be one stage ahead, or keep what nobody needs any more; both are told from the ledger, never from it.
    """

    def save(self, checkpoint: Checkpoint) -> bool:
        """Keep this one unless a newer one is kept (higher epoch, or same epoch and more stages): then False."""
        ...

    def load(self, task_id: str) -> Checkpoint | None:
        """The kept one, or None."""
        ...

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        """The kept ones of these tasks; 10,000 in few round trips."""
        ...

    def delete(self, task_id: str, epoch: int | None = None) -> None:
        """Forget it, also when there is none; with ``epoch`` only if the kept one's is not higher."""
        ...

    def kept(self, after: str = "", limit: int = 1000) -> list[Kept]:
        """What is kept, in the store's own order of task ids, after task ``after``; an empty list at the end.

        For the clean-up of what no task needs. Saves meanwhile may be missed; they are met in the next pass.
        """
        ...
