"""What is said of the lanes, whatever a hand has left beside them, and whoever does not answer."""

from __future__ import annotations

import sys

import pytest
import redis
from celery import Celery
from pydantic import SecretStr

from orchestrator.broker.app import make_app
from orchestrator.broker.backlog import LaneDepth
from orchestrator.broker.lane_depths import LaneDepths, lane_depths
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.place import Place
from tests.support.redis_server import free_port


@pytest.fixture
def rabbit(settings: Settings) -> LaneDepths:
    """As of a RabbitMQ whose lanes are empty: kombu's broker in memory says as much of them."""
    return lane_depths(Celery(broker="memory://", set_as_current=False), settings.model_copy(update=_rabbit()))


def _rabbit() -> dict[str, object]:
    return {"broker_url": SecretStr("amqp://127.0.0.1//")}


def test_a_count_of_a_rabbitmqs_lane_that_is_no_number_is_left_out(
    redis_client: redis.Redis, settings: Settings, rabbit: LaneDepths
) -> None:
    first, *others = lane_names(settings.lanes)
    redis_client.hset(Keys(settings.namespace).of("pushed"), mapping={first: "many", others[0]: 7})
    assert rabbit.read() == [LaneDepth(0, 0), LaneDepth(7, 0), *[LaneDepth(0, 0)] * (settings.lanes - 2)]


def test_no_counts_are_known_of_a_key_of_another_type(
    redis_client: redis.Redis, settings: Settings, rabbit: LaneDepths
) -> None:
    redis_client.set(Keys(settings.namespace).of("pushed"), "garbage")
    assert rabbit.read() == [LaneDepth(0, 0)] * settings.lanes


def test_a_ledger_that_is_away_is_not_called_the_broker(settings: Settings) -> None:
    away = {"redis_url": SecretStr(f"redis://127.0.0.1:{free_port()}/0")} | _rabbit()
    depths = lane_depths(Celery(broker="memory://", set_as_current=False), settings.model_copy(update=away))
    with pytest.raises(redis.ConnectionError):
        depths.read()


def test_a_broker_that_lets_us_not_look_does_not_say_that_nothing_waits(
    redis_client: redis.Redis, settings: Settings, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = place.namespace
    redis_client.acl_setuser(user, enabled=True, passwords=["+pw"], keys=["*"], commands=["+@all", "-llen"])
    url = place.admin_broker_url.replace("//", f"//{user}:pw@", 1)
    for name, value in (place.environment() | {"CHANGEOVER_BROKER_URL": url}).items():
        monkeypatch.setenv(name, value)
    # It reads the broker's address once a process.
    monkeypatch.delitem(sys.modules, "celeryconfig", raising=False)
    try:
        with make_app() as app, pytest.raises(Unreachable, match="llen"):
            lane_depths(app, settings.model_copy(update={"broker_url": SecretStr(url)})).read()
    finally:
        redis_client.acl_deluser(user)
