"""A worker without the package of a plan's step, beside one that has it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from orchestrator.broker.messages import own_queue
from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.support import leaky_step
from tests.support.cluster import Cluster
from tests.support.place import Place
from tests.support.plans import plan, tenant

TREE = Path(__file__).parents[2]
STAGES = [{"name": name, "steps": [{"type": "leave-context"}]} for name in ("one", "two")]
TASKS = 40


def run_beside_one_that_lacks_the_step(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch, pool: str = "threads"
) -> None:
    """Has a plan moved, and judges what the one that lacks the step gave back."""
    path = leaky_step.install(folder / "path")
    monkeypatch.setattr(sys, "path", [str(path), *sys.path])
    # Without running ahead every stage is a message of its own, which either may take.
    cluster = Cluster(place, folder, CHANGEOVER_RUN_AHEAD="false")
    new = {"PYTHONPATH": os.pathsep.join((str(path), str(TREE)))}
    settings = Settings(
        namespace=place.namespace, redis_url=SecretStr(place.redis_url), broker_url=SecretStr(place.broker_url)
    )
    try:
        lacking = cluster.start_worker(pool=pool, concurrency=8)
        able = cluster.start_worker(pool=pool, concurrency=1, settings=new)
        cluster.wait_alive([cluster.start_coordinator(), lacking, able])
        with Client(settings) as client:
            client.submit(plan("p", [tenant(f"t{n}") for n in range(TASKS)], STAGES, max_concurrency=TASKS))
            assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    finally:
        cluster.end()
    # Each of a task's stages at most once.
    assert given_to(folder, "handed-back", able.pid) <= len(STAGES) * TASKS


def given_to(folder: Path, action: str, pid: int) -> int:
    """How often the first worker gave something on with that word; each time it was to the worker ``pid``."""
    lines = lines_of(folder / "00-worker.log")
    # Its background loops use the same word of themselves, without a task.
    queues = [line["queue"] for line in lines if line.get("action") == action and "taskId" in line]
    assert set(queues) == {own_queue(os.uname().nodename, pid)}
    return len(queues)


def lines_of(log: Path) -> list[dict[str, Any]]:
    """What a process has logged."""
    return [json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"]
