"""Each planted situation is told in its row of `doctor`; one that is wrong makes the whole unhealthy, and exits 1."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import redis

from orchestrator.control.answers import Check
from orchestrator.control.doctor import Row, examine
from orchestrator.control.doctor.servers import server, this_clock
from orchestrator.ledger.connection import connect
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers
from tests.chaos.proxy import TcpProxy
from tests.support import planted_doctor
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.planted import aged, beat
from tests.support.planted_doctor import ALL_WELL, Told

TABLE = [
    row
    for rows in (
        planted_doctor.servers,
        planted_doctor.processes,
        planted_doctor.plans,
        planted_doctor.fleet,
        planted_doctor.webhooks,
        planted_doctor.waiting,
    )
    for row in rows()
]
ONLY_WITH_PROCESSES = {Row.TEST_MESSAGE}
"""See tests/integration/control/test_doctor.py."""


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """Not checked after the test: some of it is damage."""
    return LedgerWorld(redis_client, settings, user_client)


@pytest.mark.parametrize("told", TABLE, ids=str)
def test_a_row_tells_it(told: Told, world: LedgerWorld) -> None:
    try:
        told.make(world)
        diagnosis = examine(world.settings, find_servers(world.settings))
    finally:
        told.undo(world)
    name = told.name.replace("{root}", world.keys.root)
    (found,) = [check for check in diagnosis.checks if check.name == name]
    assert (found.row, found.good) == (told.row, told.good), found.finding
    assert told.finding in found.finding
    assert diagnosis.healthy == all(check.good for check in diagnosis.checks)
    assert not (diagnosis.healthy and not told.good)


def test_all_well(world: LedgerWorld) -> None:
    ALL_WELL(world)
    diagnosis = examine(world.settings, find_servers(world.settings))
    assert diagnosis.healthy, [check for check in diagnosis.checks if not check.good]


def test_every_row_is_planted() -> None:
    assert {told.row for told in TABLE} | ONLY_WITH_PROCESSES == set(Row)


def test_what_has_been_dead_for_ten_minutes_is_not_told_of(world: LedgerWorld) -> None:
    ALL_WELL(world)
    beat(world, "worker", "x:1")
    aged(world, "worker:x:1", 601)
    diagnosis = examine(world.settings, find_servers(world.settings))
    assert diagnosis.healthy
    assert not [check for check in diagnosis.checks if "x:1" in check.name]


def test_a_plan_that_was_taken_out_is_told_of_until_it_is_submitted_again(world: LedgerWorld) -> None:
    ALL_WELL(world)
    world.started("p", ["a"])
    world.client.delete(world.keys.of("plan", "p"))
    for first in (0, 100):
        world.ledger.lose_plan("p", first, 100)
    assert "plan p" in {check.name for check in wrong(world)}
    world.started("p", ["a"])
    assert not wrong(world)


def wrong(world: LedgerWorld) -> list[Check]:
    return [check for check in examine(world.settings, find_servers(world.settings)).checks if not check.good]


def test_a_clock_is_judged_both_ways() -> None:
    assert this_clock(1000.0, 1004.0).good
    assert "90 s ahead of" in this_clock(1000.0, 1090.0).finding
    assert not this_clock(1000.0, 900.0).good


def test_a_server_that_is_far_away_is_told_of(place: Place) -> None:
    url = urlsplit(place.admin_broker_url)
    proxy = TcpProxy(url.port or 0)
    try:
        # There and back: over a tenth of a second a round trip.
        proxy.delay(0.06)
        far = place.admin_broker_url.replace(f":{url.port}", f":{proxy.port}")
        with connect(far, patient=False) as client:
            (found,) = [row for row in server("state", client, far) if row.row == Row.LATENCY]
    finally:
        proxy.close()
    assert not found.good
    assert "ms a round trip from this machine: every stage takes several" in found.finding
