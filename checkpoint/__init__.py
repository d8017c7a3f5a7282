"""The checkpoint SPI: what a checkpoint is, what a store must do, and the stores that ship."""

from checkpoint.contract import SIZE_LIMIT, Checkpoint, CheckpointStore, CheckpointTooLarge
from checkpoint.redis import RedisCheckpointStore

__all__ = ["SIZE_LIMIT", "Checkpoint", "CheckpointStore", "CheckpointTooLarge", "RedisCheckpointStore"]
