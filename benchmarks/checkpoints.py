"""Checkpoints: 10,000 of them loaded one by one and in batches, from every store that keeps them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import redis

from benchmarks.place import private_redis
from checkpoint import Checkpoint, CheckpointStore, MemoryCheckpointStore, RedisCheckpointStore
from checkpoint.database import DatabaseCheckpointStore
from orchestrator.domain.status import TaskState
from orchestrator.ledger.keys import Keys

COUNT = 10_000
BATCH = 1_000
"""What one page of a plan asks for at once."""


def checkpoint(number: int) -> Checkpoint:
    """Three recorded stages with the outputs that the built-in steps leave."""
    outputs = {f"stage-{stage}": {"0": {"key": f"tenant_config:t{number}", "bytes": 120}} for stage in range(3)}
    return Checkpoint(
        task_id=f"plan.{number}",
        epoch=number + 1,
        attempt=0,
        mode=TaskState.RUNNING,
        completed_stages=3,
        last_stage="stage-2",
        outputs=outputs,
    )


def measure(name: str, store: CheckpointStore) -> None:
    """Prints a line for the store."""
    for number in range(COUNT):
        store.save(checkpoint(number))
    names = [f"plan.{number}" for number in range(COUNT)]
    began = time.perf_counter()
    for task_id in names[:BATCH]:
        store.load(task_id)
    one_by_one = (time.perf_counter() - began) / BATCH * 1e6
    began = time.perf_counter()
    found = [store.load_many(names[start : start + BATCH]) for start in range(0, COUNT, BATCH)]
    batches = (time.perf_counter() - began) / COUNT * 1e6
    assert sum(map(len, found)) == COUNT
    print(f"  {name:8} load {one_by_one:7.1f}   load_many {batches:7.1f}")


def run() -> None:
    """Prints a line a store."""
    print(f"checkpoints: microseconds each, {COUNT:,} kept, load_many by {BATCH:,}")
    with private_redis() as server, tempfile.TemporaryDirectory() as folder:
        keys = Keys("benchmark")
        with redis.Redis.from_url(server.url(), decode_responses=True) as client:
            measure("memory", MemoryCheckpointStore())
            measure("redis", RedisCheckpointStore(client, lambda task_id: keys.of("checkpoint", task_id)))
        database = DatabaseCheckpointStore(f"sqlite:///{Path(folder) / 'checkpoints.db'}", "benchmark")
        measure("sqlite", database)
        database.close()
