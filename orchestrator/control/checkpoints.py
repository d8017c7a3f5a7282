"""What is kept of tasks that have not ended: their checkpoints, in the ledger or in the store beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from checkpoint import (
    LEDGER_STORE,
    Checkpoint,
    CheckpointDamaged,
    CheckpointError,
    CheckpointTooNew,
)
from orchestrator.control.answers import CheckpointStatus
from orchestrator.control.status import StatusReader
from orchestrator.domain.errors import StoreFault
from orchestrator.domain.status import TaskState
from orchestrator.domain.stored_json import read_stored
from orchestrator.domain.task_id import task_id_of, task_ids_of
from orchestrator.ledger.reader import PAGE, Reader
from orchestrator.secrets.masking import mask, masked
from orchestrator.settings.checkpoint_store import open_store
from orchestrator.settings.contained_store import ContainedStore, words_of_store
from orchestrator.settings.model import Settings
from steps.raised import Escaped
from steps.told import said_by

MARKER: Final = "store"
"""The key by which the ledger's marker names the store that keeps the checkpoint; see ``workers/checkpoints.py``."""


class CheckpointReader:
    """Looks checkpoints up, many in few round trips. ``store``: the one beside the ledger that the settings name."""

    def __init__(self, reader: Reader, store_name: str, store: ContainedStore | None) -> None:
        self._reader = reader
        self._status = StatusReader(reader)
        self._store_name = store_name
        self._store = store

    def task(self, task_id: str) -> CheckpointStatus:
        """The checkpoint of one task, or that there is none. Raises ``NotFound``, ``StoreFault``."""
        self._status.task(task_id)
        return self._of([task_id])[0]

    def plan(self, plan_id: str) -> list[CheckpointStatus]:
        """Those of the plan's tasks that have one, in plan order. Raises as ``task`` does."""
        task_ids = task_ids_of(plan_id, self._status.task_count(plan_id))
        pages = (self._of(task_ids[start : start + PAGE]) for start in range(0, len(task_ids), PAGE))
        return [found for page in pages for found in page if found.kept]

    def some(self, plan_id: str, begin: int, end: int) -> list[CheckpointStatus]:
        """Those of the tasks at these positions of the plan that have one. Raises as ``task`` does."""
        total = self._status.task_count(plan_id)
        task_ids = [task_id_of(plan_id, position) for position in range(begin, min(end, total))]
        return [found for found in self._of(task_ids) if found.kept]

    def _of(self, task_ids: Sequence[str]) -> list[CheckpointStatus]:
        texts = dict(zip(task_ids, self._reader.checkpoint_texts(task_ids), strict=True))
        known = {task_id: _content(text) for task_id, text in texts.items() if text}
        elsewhere = [task_id for task_id, content in known.items() if content.get(MARKER) == self._store_name]
        stored, unread = self._load(elsewhere)
        found = []
        for task_id in task_ids:
            content = known.get(task_id)
            if content is None:
                found.append(CheckpointStatus(task_id=task_id, kept=False, finding="there is no checkpoint"))
            elif task_id in unread:
                found.append(self._unread(task_id, unread[task_id]))
            elif MARKER in content:
                found.append(self._elsewhere(task_id, str(content[MARKER]), stored.get(task_id)))
            else:
                found.append(_in_ledger(task_id, str(texts[task_id])))
        return found

    def _load(self, task_ids: Sequence[str]) -> tuple[dict[str, Checkpoint], dict[str, CheckpointError]]:
        """Those that the store keeps, and those that nobody can read: a store refuses all that are asked for with one
        such, so they are halved until it is alone."""
        if not task_ids or self._store is None:
            return {}, {}
        try:
            return self._store.load_many(task_ids), {}
        except (CheckpointDamaged, CheckpointTooNew) as error:
            if len(task_ids) == 1:
                return {}, {task_ids[0]: error}
            middle = len(task_ids) // 2
            (left, unread), (right, more) = self._load(task_ids[:middle]), self._load(task_ids[middle:])
            return left | right, unread | more
        except (CheckpointError, Escaped) as error:
            raise _fault(error, self._store_name) from error

    def _unread(self, task_id: str, error: CheckpointError) -> CheckpointStatus:
        finding = f"the store {self._store_name!r}: {_way_on(error)}"
        return CheckpointStatus(task_id=task_id, kept=True, store=self._store_name, finding=finding)

    def _elsewhere(self, task_id: str, store: str, checkpoint: Checkpoint | None) -> CheckpointStatus:
        if checkpoint is not None:
            return _status(store, checkpoint)
        if store == "memory":
            finding = "kept in the memory of the process that runs the task"
        elif store != self._store_name:
            finding = f"kept in the store {store!r}; the settings here name {self._store_name!r}"
        else:
            finding = f"the store {store!r} has lost it; `changeover retry --from-scratch` starts over"
        return CheckpointStatus(task_id=task_id, kept=True, store=store, finding=finding)


def _content(text: str) -> Mapping[str, object]:
    """Of one that cannot be read: nothing."""
    with suppress(ValueError):
        content = read_stored(text)
        return content if isinstance(content, dict) else {}
    return {}


def _in_ledger(task_id: str, text: str) -> CheckpointStatus:
    try:
        return _status(LEDGER_STORE, Checkpoint.from_json(text))
    except CheckpointError as error:
        return CheckpointStatus(task_id=task_id, kept=True, store=LEDGER_STORE, finding=_way_on(error))


def _way_on(error: CheckpointError) -> str:
    said = mask(said_by(error))
    if issubclass(type(error), CheckpointTooNew):
        return f"{said}: update this process"
    return f"it is damaged: {said}; a hand in the data? `changeover retry --from-scratch` starts over"


def _fault(error: CheckpointError | Escaped, store: str) -> StoreFault:
    return StoreFault(mask(words_of_store(error, store)))


def _status(store: str, checkpoint: Checkpoint) -> CheckpointStatus:
    size = len(checkpoint.to_json(size_limit=2**40).encode())
    legs = f"{checkpoint.completed_stages} stage{'s' if checkpoint.completed_stages != 1 else ''}"
    way = "taken back" if checkpoint.mode == TaskState.ROLLING_BACK else "done"
    return CheckpointStatus(
        task_id=checkpoint.task_id,
        kept=True,
        store=store,
        finding=f"{legs} {way}, the last one {checkpoint.last_stage}",
        mode=checkpoint.mode,
        attempt=checkpoint.attempt,
        epoch=checkpoint.epoch,
        completed_stages=checkpoint.completed_stages,
        last_stage=checkpoint.last_stage,
        size_bytes=size,
        outputs=masked(checkpoint.outputs),
    )


@contextmanager
def checkpoint_reader(reader: Reader, settings: Settings) -> Iterator[CheckpointReader]:
    """One with the store that the settings name open, while the block runs. Raises ``StoreFault`` when it does not
    close."""
    name = settings.checkpoint.store_type
    # A memory store of this process holds nothing; where it is set, the task's own process has it.
    store = None if name == "memory" else open_store(settings)
    try:
        yield CheckpointReader(reader, name, store)
    except BaseException:
        # Told before what comes of closing it.
        if store is not None:
            with suppress(CheckpointError, Escaped):
                store.close()
        raise
    try:
        if store is not None:
            store.close()
    except (CheckpointError, Escaped) as error:
        raise _fault(error, name) from error
