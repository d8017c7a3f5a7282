"""A broker that takes connections and answers nothing: the overdue is answered all the same, publishing backs off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from orchestrator.ledger.records import StageRow
from orchestrator.settings.model import Settings
from tests.chaos.proxy import TcpProxy
from tests.support.cluster import Cluster
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.waiting import wait_until

TASKS = 60


@pytest.fixture
def proxy(place: Place) -> Iterator[TcpProxy]:
    proxy = TcpProxy(urlsplit(place.broker_url).port or 0)
    yield proxy
    proxy.close()


def test_deadlines_and_recoveries_do_not_wait_for_a_broker_that_hangs(
    place: Place, proxy: TcpProxy, tmp_path: Path, redis_client: redis.Redis, settings: Settings
) -> None:
    there = urlsplit(place.broker_url)
    through = there._replace(netloc=there.netloc.rpartition(":")[0] + f":{proxy.port}").geturl()
    lease = {"CHANGEOVER_LEASE_SECONDS": "3", "CHANGEOVER_RENEW_SECONDS": "1", "CHANGEOVER_SWEEP_SECONDS": "0.3"}
    cluster = Cluster(place, tmp_path, **lease, CHANGEOVER_BROKER_URL=through)
    world = LedgerWorld(redis_client, settings.model_copy(update={"lease_seconds": 3.0}))
    proxy.black_hole(True)
    try:
        cluster.wait_alive([cluster.start_coordinator()])
        # What nobody publishes is admitted, and here the test is the worker.
        world.plan("p", [f"t{i}" for i in range(TASKS)], stages=[StageRow("one", 3.0)], max_concurrency=TASKS)
        wait_until(lambda: len(world.slots("p")) == TASKS, 60, "not all were admitted")
        lost, slow = "p.0", "p.1"
        world.begin(lost)
        world.begin(slow)

        def is_timed_out() -> bool:
            world.ledger.renew([world.turn(slow)])
            return world.status(slow) == "FAILED"

        wait_until(is_timed_out, 60, "the deadline was not answered")
        assert '"type":"StageTimeout"' in world.task(slow)["failure"]
        wait_until(lambda: world.kinds(task_id=lost)[-1:] != ["TaskStageStarted"], 60, "the lost turn was not found")

        # One failure tells of all that waits.
        assert 1 <= cluster.logs().count('"publish-failed"') < TASKS / 2
        proxy.black_hole(False)
        with redis.Redis.from_url(place.admin_broker_url) as broker:
            wait_until(lambda: [key for key in broker.keys("*lane-*") if broker.type(key) == b"list"], 60)
    finally:
        cluster.stop()
