"""How much a worker keeps of the plans that it saw does not grow with how many or how large they were."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

import pytest
import redis

from orchestrator.ledger.reader import Reader
from orchestrator.settings.model import Settings
from orchestrator.stages.stage_factory import StageFactory
from steps import StepRegistry, load_registry
from tests.support.counted_calls import counted_calls
from tests.support.in_process import InProcess
from tests.support.plans import plan, tenant
from workers import plan_cache
from workers.plan_cache import MOST_CHARACTERS, PlanCache

REGISTRY: StepRegistry = load_registry()
PLANS = 12
LARGE = MOST_CHARACTERS // 4


@pytest.fixture
def process(redis_client: redis.Redis, settings: Settings) -> Iterator[InProcess]:
    with InProcess(redis_client, settings, REGISTRY) as process:
        yield process


def submit(process: InProcess, plan_id: str, characters: int = 0) -> tuple[str, str, str]:
    text = plan_id.ljust(characters, "x")
    stages = [{"name": "s", "steps": [{"type": "broadcast", "channel": "c", "message": text}]}]
    process.submit(plan(plan_id, [tenant("a")], stages))
    keys = process.ledger.keys
    client = process.ledger.client
    return (
        plan_id,
        str(client.hget(keys.of("meta"), "incarnation")),
        str(client.hget(keys.of("plan", plan_id), "digest")),
    )


def test_large_plans_are_kept_by_their_size(process: InProcess, settings: Settings) -> None:
    known = [submit(process, f"p{number}", LARGE) for number in range(PLANS)]
    cache = PlanCache(Reader(process.ledger.client, process.ledger.keys), StageFactory(REGISTRY, settings))
    gc.collect()
    tracemalloc.start()
    try:
        for one in known:
            assert cache.get(*one) is not None
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Each plan's text stands in its stage twice: as written, and as checked.
    assert grown < 3 * MOST_CHARACTERS
    newest = cache.get(*known[-1])
    assert newest is cache.get(*known[-1])


def test_a_plan_in_use_stays_known_however_many_others_come(
    process: InProcess, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_cache, "MOST_PLANS", 3)
    cache = PlanCache(Reader(process.ledger.client, process.ledger.keys), StageFactory(REGISTRY, settings))
    hot, *others = [submit(process, f"p{number}") for number in range(PLANS)]
    for one in (hot, *others):
        for known in (hot, one):
            assert cache.why_unable(known[0]) is None
            assert cache.get(*known) is not None
        with counted_calls() as calls:
            assert cache.why_unable(hot[0]) is None
        assert not [name for name in calls if "Redis" in name or "Pipeline" in name or "socket" in name], calls
