"""A group over two plans, on real workers: its limit is reached and never exceeded, and everything ends."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from orchestrator.client import Client
from orchestrator.domain.events import Event
from tests.support.cluster import Cluster
from tests.support.history import assert_gapless
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


def most_at_once(events: list[Event], groups: dict[str, str]) -> Counter[str]:
    """The most tasks of each group that were active at once, as the log tells it."""
    active: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for event in events:
        group = groups.get(getattr(event, "tenant_id", None) or "")
        if group and event.type == "TaskStarted":
            active[group] += 1
            most[group] = max(most[group], active[group])
        elif group and event.type == "TaskCompleted":
            active[group] -= 1
    return most


def test_a_group_over_two_plans(place: Place, client: Client, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    cluster = Cluster(place, tmp_path, CHANGEOVER_GROUPS='{"db-0": 2, "db-1": 3, "db-2": 100}')
    request.addfinalizer(cluster.end)
    names = {side: [f"{side}-{i}" for i in range(100)] for side in ("left", "right")}
    groups = {name: f"db-{i % 3}" for side in names.values() for i, name in enumerate(side)}
    cluster.start(workers=2, concurrency=8)
    for side, tenants in names.items():
        moved = [tenant(name, groups=[groups[name]]) for name in tenants]
        client.submit(plan(side, moved, [noop_stage("one"), noop_stage("two")], max_concurrency=12))
    for side in names:
        assert client.wait(side, timeout_seconds=90).counts == {"COMPLETED": 100}
    events = list(client.events())
    assert_gapless(events)
    most = most_at_once(events, groups)
    assert (most["db-0"], most["db-1"]) == (2, 3)
    assert most["db-2"] > 3
