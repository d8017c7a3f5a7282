"""A worker that cannot run a task beside one that can: the task reaches that one, and does not go in circles."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from orchestrator.broker.canary import CanarySender
from orchestrator.broker.messages import own_queue
from tests.support.lacking_worker import run_beside_one_that_lacks_the_step
from tests.support.place import Place


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_what_one_cannot_run_goes_straight_to_one_that_can(
    pool: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_beside_one_that_lacks_the_step(place, tmp_path, monkeypatch, pool)


def test_a_message_for_a_worker_that_is_gone_goes_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    queue = own_queue("gone", 1)
    sender = CanarySender()
    sender.send([queue])
    with redis.Redis.from_url(place.admin_broker_url, decode_responses=True) as broker:
        (key,) = [str(key) for key in broker.scan_iter() if str(key).endswith(queue)]
        assert 0 < broker.pttl(key) <= 60_000
        sender.close()
        assert not broker.exists(key)
