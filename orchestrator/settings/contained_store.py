"""A checkpoint store as one that keeps its contract, whoever wrote it: the one way in which its code is called."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final

from checkpoint import (
    Checkpoint,
    CheckpointDamaged,
    CheckpointError,
    CheckpointStore,
    CheckpointStoreMisused,
    CheckpointStoreUnavailable,
    CheckpointTooLarge,
    CheckpointTooNew,
    Kept,
)
from steps.raised import Escaped, contained
from steps.told import said_by, type_name, words_of

_KINDS: Final = (
    CheckpointTooLarge,
    CheckpointStoreUnavailable,
    CheckpointTooNew,
    CheckpointDamaged,
    CheckpointStoreMisused,
    CheckpointError,
)
_ANY_SIZE: Final = 2**40


class ContainedStore:
    """A ``CheckpointStore``. Whatever the one in it raises or answers, each method answers what the contract says, or
    raises one of the contract's errors, or ``Escaped``, which names the store, for all else. What they say is text, and
    not masked."""

    def __init__(self, store: CheckpointStore, name: str) -> None:
        """``name``: its word in ``checkpoint.store_type``."""
        self._store = store
        self.name = name

    def save(self, checkpoint: Checkpoint) -> bool:
        """See ``CheckpointStore``."""
        with _Call(self.name):
            return bool(self._store.save(checkpoint))

    def load(self, task_id: str) -> Checkpoint | None:
        """See ``CheckpointStore``."""
        with _Call(self.name):
            found: object = self._store.load(task_id)
            return None if found is None else _checkpoint(found, task_id, "load")

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        """See ``CheckpointStore``."""
        with _Call(self.name):
            found = _require(self._store.load_many(task_ids), dict, "load_many")
            kept = ((task_id, dict.get(found, task_id)) for task_id in task_ids)
            return {task_id: _checkpoint(one, task_id, "load_many") for task_id, one in kept if one is not None}

    def delete(self, task_id: str, epoch: int | None = None) -> None:
        """See ``CheckpointStore``."""
        with _Call(self.name):
            self._store.delete(task_id, epoch)

    def kept(self, after: str = "", limit: int = 1000) -> list[Kept]:
        """See ``CheckpointStore``."""
        with _Call(self.name):
            page = _require(self._store.kept(after, limit), list, "kept")
            return [_kept(one) for one in list.__iter__(page)]

    def close(self) -> None:
        """Closes it, if it has a ``close``."""
        with _Call(self.name):
            close: Any = getattr(self._store, "close", None)
            if close is not None:
                close()


class _Call(contained):
    """One call of the store's code. An error of the contract keeps its kind; its words, which are code too, are read
    here alone."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the checkpoint store {name}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and issubclass(type(error), CheckpointError):
            known = next(one for one in _KINDS if issubclass(type(error), one))
            raise known(said_by(error) or words_of(error)) from error
        super().__exit__(kind, error, trace)


def words_of_store(error: CheckpointError | Escaped, name: str) -> str:
    """What went wrong with the store, for a person, on one line."""
    said = " ".join(said_by(error).split())
    return said if type(error) is Escaped else f"checkpoint store {name}: {said}"


def _require(found: object, kind: type, verb: str) -> Any:
    if not issubclass(type(found), kind):
        raise TypeError(f"{verb} answered a {type_name(found)}, expected a {kind.__name__}")
    return found


def _checkpoint(found: object, task_id: str, verb: str) -> Checkpoint:
    """What it answered as the contract reads it, made anew of plain values."""
    kept: Checkpoint = _require(found, Checkpoint, verb)
    made = Checkpoint.from_json(kept.to_json(_ANY_SIZE))
    if made.task_id != task_id:
        raise ValueError(f"{verb} answered the checkpoint of {made.task_id!r}, asked for that of {task_id!r}")
    return made


def _kept(one: object) -> Kept:
    kept: Kept = _require(one, Kept, "kept")
    return Kept(str.__str__(_require(kept.task_id, str, "kept")), int.__add__(_require(kept.epoch, int, "kept"), 0))
