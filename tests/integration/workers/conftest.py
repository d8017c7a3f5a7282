"""A worker in this process whose store of checkpoints is beside the ledger, and whose only step says words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from checkpoint import MemoryCheckpointStore
from orchestrator.settings.contained_store import ContainedStore
from orchestrator.settings.model import Settings
from steps import StepRegistry
from tests.support.in_process import InProcess
from tests.support.say_step import Say, at_once
from workers.checkpoints import StoreCheckpoints


@pytest.fixture
def step() -> Say:
    return Say()


@pytest.fixture
def store() -> MemoryCheckpointStore:
    return MemoryCheckpointStore()


@pytest.fixture
def worker(
    redis_client: redis.Redis, settings: Settings, step: Say, store: MemoryCheckpointStore
) -> Iterator[InProcess]:
    checkpoints = StoreCheckpoints(ContainedStore(store, "memory"), at_once)
    with InProcess(redis_client, settings, StepRegistry([step]), checkpoints) as worker:
        yield worker
