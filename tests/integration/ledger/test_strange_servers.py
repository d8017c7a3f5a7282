"""What answers as a Redis and is none: one line that says what it is and which setting led there, never a traceback."""

from __future__ import annotations

from functools import partial

import pytest
from pydantic import SecretStr

from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.client import Client
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.printable import printable, steering_character
from orchestrator.embedded.redis_start import await_answer
from orchestrator.ledger.awaited import Look
from orchestrator.ledger.connection import require_entry
from orchestrator.ledger.refusals import BROKER_VARIABLE, WrongServer
from orchestrator.settings.model import Settings
from tests.support.place import Place
from tests.support.strange_server import ANSWERS, strange_server


def line_of(error: Unreachable) -> str:
    line = printable(str(error))
    assert steering_character(line) is None
    assert "hunter2" not in line
    assert "is no Redis that Changeover can work with" in line
    return line


OLD = "?protocol=2"
# Of these nobody knows, without the new protocol's greeting, that they are none of a Redis.
CASES = [(kind, "") for kind in ANSWERS] + [(kind, OLD) for kind in ANSWERS if kind not in ("text", "nothing", "echo")]


@pytest.mark.parametrize(("kind", "protocol"), CASES)
def test_it_is_told_in_one_line(kind: str, protocol: str) -> None:
    with strange_server(kind) as port:
        url = f"redis://u:hunter2@127.0.0.1:{port}/0{protocol}"
        with pytest.raises(Unreachable) as told, Client(Settings(redis_url=SecretStr(url))) as client:
            client.plans()
        line = line_of(told.value)
        assert f"at redis://127.0.0.1:{port}/0 is no" in line
        assert line.endswith("expected Redis 6 or later; point CHANGEOVER_REDIS_URL at the right one")


@pytest.mark.parametrize("kind", ["http", "redis 5", "text"])
def test_no_worker_starts_on_it(kind: str) -> None:
    with strange_server(kind) as port, pytest.raises(WrongServer) as told:
        require_entry(f"redis://u:hunter2@127.0.0.1:{port}/0")
    assert line_of(told.value).endswith("point CHANGEOVER_REDIS_URL at the right one")


def test_a_start_names_the_variable() -> None:
    with strange_server("http") as port, pytest.raises(Unreachable) as told:
        # Asked nothing before the answer is there.
        await_answer(None, None, f"redis://127.0.0.1:{port}/1", BROKER_VARIABLE)  # type: ignore[arg-type]
    assert "point CHANGEOVER_BROKER_URL at the right one" in line_of(told.value)


@pytest.mark.parametrize("kind", ["http", "redis 5"])
def test_who_hands_out_messages_names_the_brokers_variable(kind: str) -> None:
    with strange_server(kind) as port:
        broker = SecretStr(f"redis://u:hunter2@127.0.0.1:{port}/1")
        dispatcher = Dispatcher(Settings(redis_url=SecretStr("redis://127.0.0.1:1/0"), broker_url=broker))
        look = Look("p:1", "acme", 1)
        for ask in (dispatcher.depths, partial(dispatcher.look, [look])):
            with pytest.raises(Unreachable) as told:
                ask()
            assert "point CHANGEOVER_BROKER_URL at the right one" in line_of(told.value)
        dispatcher.close()


def test_a_broker_that_is_none_is_a_row_beside_those_of_the_ledger(place: Place) -> None:
    with strange_server("redis 5") as port:
        broker = SecretStr(f"redis://u:hunter2@127.0.0.1:{port}/1")
        settings = Settings(redis_url=SecretStr(place.redis_url), broker_url=broker, namespace=place.namespace)
        with Client(settings) as client:
            rows = {check.name: check for check in client.doctor().checks}
    assert not rows["broker server"].good
    assert "unknown command `HELLO`" in rows["broker server"].finding
    assert "CHANGEOVER_BROKER_URL" in rows["broker server"].finding
    assert rows["state server"].good
    assert "workers" in rows
