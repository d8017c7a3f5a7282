"""How a worker keeps and finds a task's checkpoint: in the ledger's own write, or in a store beside it.

Beside the ledger, a checkpoint is saved *before* the ledger records the stage, and deleted *after* the ledger has ended
the task. The ledger keeps a marker in the checkpoint's place, written with the recorded stage, so that it alone says
how far the task is:

    killed between                  what is left                       who puts it right
    save and record                 the store is a stage ahead         cut back at load; the stage runs again
    record of the end and delete    the store keeps what is not needed the coordinator's clean-up, by the missing marker
    (nothing)                       marker and checkpoint              -

A worker of an older epoch may save too: refused once a newer holder has saved, else cut back like any other that is
ahead. When a marker is there and its checkpoint is not (a database put back from an old backup), the stage fails and
says so: what earlier stages returned is lost, and only a retry from scratch can make it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import structlog

from checkpoint import LEDGER_STORE, SIZE_LIMIT, Checkpoint, CheckpointDamaged, CheckpointError
from orchestrator.domain.errors import quoted_value
from orchestrator.domain.status import TaskState
from orchestrator.domain.typed import typed
from orchestrator.ledger.records import Turn, TurnRecord
from orchestrator.settings.contained_store import ContainedStore
from steps.raised import Escaped
from steps.told import said_by
from workers.joined_loads import JoinedLoads

MARKER: Final = "store"
"""The one key of a marker that a checkpoint does not have: the name of the store that keeps the checkpoint."""

_log = structlog.get_logger(__name__)


class CheckpointLost(CheckpointError):
    """The ledger says that a checkpoint was kept, and its store has it no more, or none that can be read. Retry from
    scratch, or, once the store is put back, by force (see ``scripts/includes/retry.lua``)."""


class CheckpointElsewhere(CheckpointError):
    """The checkpoint is kept in another store than this worker has. Let all workers use one, and retry."""


class TaskCheckpoints(Protocol):
    """What the stage runner asks for."""

    def fetch(self, begun: Sequence[tuple[Turn, TurnRecord]]) -> Mapping[str, Checkpoint]:
        """Those of many turns that have begun at once, in one look-up, by task, for ``outputs``: polls of a round. It
        waits for nobody; what is missing ``outputs`` looks up."""
        ...

    def outputs(self, turn: Turn, record: TurnRecord, fetched: Checkpoint | None = None) -> Mapping[str, Any]:
        """What the recorded stages returned, by stage name, the last one last. Threads that look up at once, as when a
        lost worker's messages come, share a look-up. Raises ``CheckpointError``."""
        ...

    def keep(self, checkpoint: Checkpoint) -> str:
        """Keeps it where it belongs; the text that the ledger writes with the stage. Raises ``CheckpointError``."""
        ...

    def forget(self, turn: Turn) -> None:
        """The ledger has ended the task and needs its checkpoint no more."""
        ...


class LedgerCheckpoints:
    """In the ledger's own write: nothing to load, nothing to delete, nothing that could be ahead."""

    def __init__(self, size_limit: int = SIZE_LIMIT) -> None:
        self._size_limit = size_limit

    def fetch(self, begun: Sequence[tuple[Turn, TurnRecord]]) -> Mapping[str, Checkpoint]:
        """See ``TaskCheckpoints``."""
        return {}

    def outputs(self, turn: Turn, record: TurnRecord, fetched: Checkpoint | None = None) -> Mapping[str, Any]:
        """See ``TaskCheckpoints``."""
        if MARKER in record.checkpoint:
            raise CheckpointElsewhere(_elsewhere(turn, record.checkpoint[MARKER], LEDGER_STORE))
        return _outputs_of(record.checkpoint)

    def keep(self, checkpoint: Checkpoint) -> str:
        """See ``TaskCheckpoints``."""
        return checkpoint.to_json(self._size_limit)

    def forget(self, turn: Turn) -> None:
        """See ``TaskCheckpoints``."""


class StoreCheckpoints:
    """In a store beside the ledger. The store is called through ``patiently``, which waits for one that is away."""

    def __init__(self, store: ContainedStore, patiently: Callable[[Callable[[], Any]], Any]) -> None:
        self._store = store
        self.joined = JoinedLoads(store)
        """What is looked up by messages, each for itself."""
        self._name = store.name
        self._patiently = patiently

    def fetch(self, begun: Sequence[tuple[Turn, TurnRecord]]) -> Mapping[str, Checkpoint]:
        """See ``TaskCheckpoints``."""
        elsewhere = [turn.task_id for turn, record in begun if record.checkpoint.get(MARKER) == self._name]
        if not elsewhere:
            return {}
        try:
            return self._store.load_many(elsewhere)
        except (CheckpointError, Escaped) as error:
            # Each waits for the store by itself, while its lease is kept, and fails by itself.
            _log.warning("checkpoints not fetched", action="fetch-failed", count=len(elsewhere), error=said_by(error))
            return {}

    def outputs(self, turn: Turn, record: TurnRecord, fetched: Checkpoint | None = None) -> Mapping[str, Any]:
        """See ``TaskCheckpoints``."""
        marker = record.checkpoint.get(MARKER)
        if marker is None:
            # None kept yet; or kept in the ledger, by a worker from before the store was changed.
            return _outputs_of(record.checkpoint)
        if marker != self._name:
            raise CheckpointElsewhere(_elsewhere(turn, marker, self._name))
        loaded = fetched or self._load(turn, record)
        marked = (record.checkpoint["epoch"], record.checkpoint["completed_stages"])
        if loaded is None or (loaded.epoch, loaded.completed_stages) < marked:
            raise CheckpointLost(
                f"the checkpoint of {turn.task_id} is no longer in the {self._name} store, so what its recorded stages "
                f"returned is lost; {_starts_over(turn, record)}"
            )
        return cut_back(loaded, turn, record).outputs

    def _load(self, turn: Turn, record: TurnRecord) -> Checkpoint | None:
        try:
            loaded: Checkpoint | None = self._patiently(lambda: self.joined.load(turn.task_id))
        except CheckpointDamaged as error:
            raise CheckpointLost(
                f"the checkpoint of tenant {record.tenant_id} ({turn.task_id}) in the {self._name} store is damaged: "
                f"{error}: {_damage(turn, record)}"
            ) from error
        return loaded

    def keep(self, checkpoint: Checkpoint) -> str:
        """See ``TaskCheckpoints``. Refused by the store: a newer holder has saved, and the ledger will refuse too."""
        self._patiently(lambda: self._store.save(checkpoint))
        # Beside its own key it has what the ledger's retry compares with the stages that it has recorded.
        marker = {name: getattr(checkpoint, name) for name in ("epoch", "completed_stages", "last_stage")}
        marker[MARKER] = self._name
        return json.dumps(marker, separators=(",", ":"))

    def forget(self, turn: Turn) -> None:
        """See ``TaskCheckpoints``. By epoch: the task may have been admitted again since. Left to the clean-up when
        the store is away: nobody waits for it."""
        try:
            self._store.delete(turn.task_id, turn.epoch)
        except (CheckpointError, Escaped) as error:
            _log.warning("checkpoint left behind", action="checkpoint-left", taskId=turn.task_id, error=said_by(error))


def cut_back(loaded: Checkpoint, turn: Turn, record: TurnRecord) -> Checkpoint:
    """The checkpoint without what the ledger has not recorded: the stage that is to run now, and any after it."""
    ahead = loaded.completed_stages - turn.stage
    if loaded.mode != record.mode or ahead <= 0:
        return loaded
    # Outputs stand in the order in which the stages were done.
    recorded = list(loaded.outputs)[:-ahead]
    return replace(
        loaded,
        completed_stages=turn.stage,
        last_stage=recorded[-1] if turn.stage and recorded else "",
        outputs={name: loaded.outputs[name] for name in recorded},
    )


def require_checkpoint(turn: Turn, record: TurnRecord) -> None:
    """Raises ``CheckpointLost`` for what a hand has made of it. An empty one would let later stages go on without what
    earlier ones returned."""
    if record.no_checkpoint:
        raise CheckpointLost(
            f"the stored checkpoint of tenant {record.tenant_id} is {quoted_value(record.no_checkpoint)}, expected a "
            f"JSON object: {_damage(turn, record)}"
        )


def _damage(turn: Turn, record: TurnRecord) -> str:
    return f"a hand in the data? What its recorded stages returned is lost; {_starts_over(turn, record)}"


def _starts_over(turn: Turn, record: TurnRecord) -> str:
    if record.mode is TaskState.ROLLING_BACK:
        return f"`{typed('rollback', '--task', turn.task_id)}` begins the way back anew"
    return f"`{typed('retry', '--task', turn.task_id, '--from-scratch')}` starts over"


def _outputs_of(checkpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    outputs: Mapping[str, Any] = checkpoint.get("outputs", {})
    return outputs


def _elsewhere(turn: Turn, there: str, here: str) -> str:
    return (
        f"the checkpoint of {turn.task_id} is kept in the store {there!r}, and checkpoint.store_type of this worker is "
        f"{here!r}; let all workers and coordinators use one"
    )
