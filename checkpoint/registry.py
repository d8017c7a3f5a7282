"""Which stores there are, by the word in ``checkpoint.store_type``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from checkpoint.contract import SIZE_LIMIT, CheckpointStore, CheckpointStoreMisused, cut_at
from checkpoint.memory import MemoryCheckpointStore

ENTRY_POINT_GROUP: Final = "changeover.checkpoint_stores"

LEDGER_STORE: Final = "redis"
"""The store that is the ledger itself: saved and deleted in the ledger's own writes."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """What a store may need to know. ``url`` is ``checkpoint.url``, password included: never log it."""

    namespace: str
    url: str | None = field(default=None, repr=False)
    size_limit: int = SIZE_LIMIT


StoreFactory = Callable[[StoreOptions], CheckpointStore]
"""What an entry point of ``changeover.checkpoint_stores`` names; called once a process, after any fork."""


def _memory(options: StoreOptions) -> CheckpointStore:
    return MemoryCheckpointStore(options.size_limit)


def _database(options: StoreOptions) -> CheckpointStore:
    # Imported here: with the default store nobody pays for loading SQLAlchemy.
    from checkpoint.database import DatabaseCheckpointStore

    if not options.url:
        raise CheckpointStoreMisused("checkpoint.url: needed with store_type db: postgresql://... or sqlite:///path")
    return DatabaseCheckpointStore(options.url, options.namespace, options.size_limit)


BUILT_IN: Final[dict[str, StoreFactory]] = {"memory": _memory, "db": _database}
"""The stores of the package beside the ledger's own, by name."""


def make_store(store_type: str, options: StoreOptions, *, one_process: bool = False) -> CheckpointStore:
    """The store of this name, other than the ledger's own (``redis``).

    ``one_process``: everything that uses it lives in this process. Raises ``CheckpointStoreMisused`` for a name that
    is not known, a store that cannot be used as asked, or an entry point that does not lead to one.
    """
    if store_type == "memory" and not one_process:
        raise CheckpointStoreMisused(
            "checkpoint.store_type: memory keeps checkpoints inside one process, and coordinator and workers are "
            "several; use redis or db, or run everything in one: `changeover up --single-process`"
        )
    if (built_in := BUILT_IN.get(store_type)) is not None:
        return built_in(options)
    point = _points().get(store_type)
    if point is None:
        known = store_names()
        near = get_close_matches(store_type, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise CheckpointStoreMisused(f"checkpoint.store_type: unknown store {cut_at(store_type, 200)!r}; {hint}")
    return _made(point, options)


def store_names() -> list[str]:
    """All names that ``checkpoint.store_type`` may have, sorted."""
    return sorted({*BUILT_IN, LEDGER_STORE, *_points()})


def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _made(point: EntryPoint, options: StoreOptions) -> CheckpointStore:
    origin = f"checkpoint.store_type: entry point {point.name} = {point.value}"
    try:
        store: CheckpointStore = point.load()(options)
        missing = [name for name in ("save", "load", "load_many", "delete", "kept") if not hasattr(store, name)]
    except CheckpointStoreMisused:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # Also what is no ``Exception``: a process that is to have a store is refused. Its words, which are code of a
        # user's too, are not asked here: who shows this says what it came from.
        raise CheckpointStoreMisused(f"{origin} cannot be used") from error
    if missing:
        raise CheckpointStoreMisused(f"{origin} gives no checkpoint store: it has no {', '.join(missing)}")
    return store
