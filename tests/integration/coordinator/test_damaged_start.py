"""A coordinator that starts where a hand has damaged keys gives plans their turns all the same; where all go by such a
key, it says so in one line (I19)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import redis

from orchestrator.ledger.damaged_keys import STOPS, TYPES
from orchestrator.ledger.keys import PATTERNS
from orchestrator.settings.model import Settings
from tests.support.cluster import Cluster
from tests.support.damaged_keys import DAMAGES, hurt_keys, rows, whole_ledger
from tests.support.ledger_world import LedgerWorld
from tests.support.long import long
from tests.support.place import Place
from tests.support.waiting import wait_until

STOPPED: Final = {PATTERNS[kind] for kind in STOPS}
OTHERS: Final = sorted(PATTERNS[kind] for kind in TYPES if kind not in STOPS)


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    world = LedgerWorld(redis_client, settings)
    whole_ledger(world)
    world.plan("good-too", ["fresh"])
    return world


@pytest.fixture
def cluster(place: Place, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(place, tmp_path)
    yield cluster
    cluster.end()


def hurt(world: LedgerWorld, damage: str, patterns: list[str]) -> None:
    for pattern in patterns:
        for key in hurt_keys(world, pattern):
            DAMAGES[damage](world.client, key, rows()[pattern])


def starts_and_stops(world: LedgerWorld, cluster: Cluster) -> None:
    """Without a traceback; the plan that waited for it has its turn in between."""
    coordinator = cluster.start_coordinator()
    wait_until(lambda: coordinator.poll() is not None or world.status("good-too") == "RUNNING", 20)
    assert coordinator.poll() is None, cluster.logs()
    coordinator.terminate()
    assert coordinator.wait(20) == 0, cluster.logs()


def test_a_coordinator_starts_beside_damaged_keys(world: LedgerWorld, cluster: Cluster) -> None:
    hurt(world, "of another type", OTHERS)
    starts_and_stops(world, cluster)
    logs = cluster.logs()
    for action in ("notifier-fault", "presence-damaged", "limits-kept"):
        assert logs.count(f'"{action}"') == 1, logs


@long
@pytest.mark.parametrize("damage", ["of another type", "rubbish in it"])
@pytest.mark.parametrize("pattern", [pattern for pattern in rows() if pattern not in STOPPED])
def test_a_coordinator_starts_beside_any_damaged_key(
    world: LedgerWorld, cluster: Cluster, pattern: str, damage: str
) -> None:
    hurt(world, damage, [pattern])
    starts_and_stops(world, cluster)


@long
@pytest.mark.parametrize("pattern", sorted(STOPPED))
def test_one_that_all_go_by_is_named_by_what_starts(world: LedgerWorld, cluster: Cluster, pattern: str) -> None:
    hurt(world, "of another type", [pattern])
    coordinator = cluster.start_coordinator()
    said = ("changeover doctor", "damaged key that all go by", "passed by")
    wait_until(lambda: any(words in cluster.logs() for words in said), 20)
    if coordinator.poll() is not None:
        assert "Traceback" not in cluster.logs()
