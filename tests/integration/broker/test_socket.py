"""Servers at a Unix socket: all that Changeover adds to its broker's transport is there too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
import redis
from celery import Celery
from celery.app.utils import filter_hidden_settings
from kombu.messaging import Consumer
from pydantic import SecretStr

from orchestrator.broker.app import make_app
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.client import Client
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.lanes import lane_names
from orchestrator.history.judge import judge
from orchestrator.settings.model import Settings
from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.doors import of_this_shell
from tests.support.long import long, mostly_long
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.strange_server import strange_socket
from tests.support.waiting import wait_until
from workers import transport
from workers.watchdog import Silence

LANE = lane_names(1)[0]


@pytest.fixture
def place(place: Place, redis_server: RedisServer) -> Place:
    over = redis_server.over_socket
    return replace(place, redis_url=over(place.redis_url), broker_url=over(place.broker_url))


@pytest.fixture
def broker(place: Place) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(place.admin_broker_url) as broker:
        yield broker


@pytest.fixture
def app(settings: Settings) -> Iterator[Celery]:
    with make_app(settings) as app:
        yield app


def test_each_reply_is_a_sign_of_life_and_garbage_is_dropped(
    app: Celery, place: Place, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = count()
    silence = Silence(lambda: next(times))
    monkeypatch.setattr(transport, "SILENCE", silence)
    broker.lpush(f"changeover:{place.namespace}:{LANE}", "garbage", '{"more": "garbage"}')
    taken: list[Any] = []
    with app.connection_for_read() as connection:
        before = silence._since
        of_lane: Any = Consumer(connection, [app.amqp.queues[LANE]], [lambda *message: taken.append(message)])  # type: ignore[no-untyped-call]
        with of_lane:
            wait_until(lambda: _drained(connection) and not broker.exists(f"changeover:{place.namespace}:{LANE}"))
            _drained(connection)
        assert connection.as_uri() == f"unix://changeover:**@{_path(place)}"
    assert silence._since > before
    assert not taken


def test_what_a_worker_tells_of_its_configuration_has_the_socket_without_its_password(place: Place) -> None:
    """Flower asks for it as it starts."""
    told = filter_hidden_settings({"broker_url": place.broker_url})
    assert told == {"broker_url": f"unix://changeover:**@{_path(place)}"}


def _drained(connection: Any) -> bool:
    with suppress(TimeoutError):
        connection.drain_events(timeout=0.05)
    return True


def _path(place: Place) -> str:
    return place.broker_url.rpartition("@")[2].partition("?")[0]


@long
@pytest.mark.parametrize("password", ["hunter2", "sl%2Fash%40hunter2"])
def test_a_greeting_that_repeats_the_password_is_told_without_it(tmp_path: Path, password: str) -> None:
    path = tmp_path / "s"
    settings = Settings(
        redis_url=SecretStr("redis://127.0.0.1:1/0"), broker_url=SecretStr(f"unix://u:{password}@{path}?db=1")
    )
    with strange_socket("redis 5", path):
        dispatcher = Dispatcher(settings)
        with pytest.raises(Unreachable) as told:
            dispatcher.depths()
        dispatcher.close()
    assert "hunter2" not in "".join(format_exception(told.value, chain=True))
    assert str(told.value).endswith("point CHANGEOVER_BROKER_URL at the right one")


@of_this_shell
@pytest.mark.parametrize("pool", mostly_long(["threads", "prefork"], "threads"))
def test_an_installation_at_sockets_is_healthy(
    client: Client, cluster: Cluster, place: Place, settings: Settings, broker: redis.Redis, pool: str
) -> None:
    cluster.start(pool=pool)
    broker.lpush(f"changeover:{place.namespace}:{LANE}", "garbage")
    client.submit(plan("p", [tenant("a"), tenant("b")], [noop_stage("one"), noop_stage("two")]))
    assert client.wait("p", timeout_seconds=60).status == "COMPLETED"
    wait_until(lambda: "message-refused" in cluster.logs(), 20)

    done = changeover("doctor", "--json", environment=place.environment())
    diagnosis = json.loads(done.stdout)
    assert diagnosis["healthy"], diagnosis
    found = {check["name"]: check["finding"] for check in diagnosis["checks"]}
    assert found["coordinators"] == "1 alive"
    assert found["worker slots"].endswith("of 4 busy")
    assert found["test message"].startswith("1 of 1 workers took theirs within ")
    assert found["broker server"].endswith(_path(place))
    assert not [name for name in broker.scan_iter() if b"worker-" in name]
    all_rights = {"redis_url": SecretStr(place.admin_url), "broker_url": SecretStr(place.admin_broker_url)}
    assert judge(settings.model_copy(update=all_rights), ended=True).violations == []
    assert "Traceback" not in cluster.logs()
    assert "sesame" not in cluster.logs()
    # Nobody has ended.
    cluster.wait_alive(cluster.processes)
