"""The checkpoint SPI: what a checkpoint is, what a store must do, and the stores that ship.

``checkpoint.database`` is imported from its own module: it loads SQLAlchemy. ``checkpoint.conformance`` is the suite
that every store passes, yours too.
"""

from checkpoint.contract import (
    SIZE_LIMIT,
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
from checkpoint.memory import MemoryCheckpointStore
from checkpoint.redis import RedisCheckpointStore
from checkpoint.registry import LEDGER_STORE, StoreFactory, StoreOptions, make_store, store_names

__all__ = [  # noqa: RUF022 - grouped for reading
    # What a checkpoint is, and what a store must do
    "SIZE_LIMIT",
    "Checkpoint",
    "CheckpointStore",
    "Kept",
    # Errors
    "CheckpointError",
    "CheckpointDamaged",
    "CheckpointStoreMisused",
    "CheckpointStoreUnavailable",
    "CheckpointTooLarge",
    "CheckpointTooNew",
    # Stores
    "MemoryCheckpointStore",
    "RedisCheckpointStore",
    "LEDGER_STORE",
    "StoreFactory",
    "StoreOptions",
    "make_store",
    "store_names",
]
