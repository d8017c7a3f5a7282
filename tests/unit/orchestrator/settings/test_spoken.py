"""A server's setting is called what gave it: a variable, or a key of the settings file with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from orchestrator.ledger.refusals import BROKER as BROKER_SERVER
from orchestrator.ledger.refusals import BROKER_VARIABLE, STATE_VARIABLE, refusal
from orchestrator.ledger.refusals import LEDGER as LEDGER_SERVER
from orchestrator.settings.spoken import spoken

FILE = """\
redis_url: redis://:sesame@h:1/3
broker_url: amqps://u:sesame@h/vhost?ssl_ca_certs=a.pem
"""
STATE = "redis://:sesame@h:1/3"
BROKER = "amqps://u:sesame@h/vhost"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (STATE_VARIABLE, BROKER_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHANGEOVER_CONFIG", "c.yaml")
    path = Path("c.yaml")
    path.write_text(FILE)
    return path


def test_what_the_file_gave_is_called_by_its_key_and_line() -> None:
    assert str(spoken(STATE_VARIABLE, STATE)) == "redis_url (c.yaml line 1)"
    assert str(spoken(BROKER_VARIABLE, BROKER)) == "broker_url (c.yaml line 2)"
    assert str(spoken(STATE_VARIABLE, STATE).problem(None, "wrong")) == "redis_url: wrong, in c.yaml line 1"


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("redis+socket:///run/r?virtual_host=2", "unix:///run/r?db=2"),
        ("unix:///run/r?db=2&socket_timeout=3", "unix:///run/r?db=2"),
        ("redis://h?db=2&socket_timeout=3", "redis://h/2"),
    ],
)
def test_however_a_client_wants_it_spelled(file: Path, written: str, dialled: str) -> None:
    file.write_text(f"redis_url: {written}")
    assert spoken(STATE_VARIABLE, dialled).name == "redis_url"


def test_what_a_variable_or_nobody_gave_is_called_by_the_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(spoken(STATE_VARIABLE, "redis://elsewhere/3")) == STATE_VARIABLE
    monkeypatch.setenv(STATE_VARIABLE, STATE)
    assert str(spoken(STATE_VARIABLE, STATE)) == STATE_VARIABLE
    # It stands in for the file's there.
    monkeypatch.setenv("CHANGEOVER_UP", "/data")
    assert spoken(STATE_VARIABLE, STATE).name == "redis_url"
    for other in ("redis_url: [", "redis_url: 7", "redis_url: 'nonsense'", ""):
        file.write_text(other)
        assert str(spoken(STATE_VARIABLE, STATE)) == STATE_VARIABLE
    monkeypatch.setenv("CHANGEOVER_CONFIG", "none.yaml")
    assert str(spoken(STATE_VARIABLE, STATE)) == STATE_VARIABLE


def test_what_up_was_given_is_told_by_the_url_that_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of ours goes before the file, and `up` hands its children one in any case."""
    monkeypatch.setenv("CHANGEOVER_UP", "/data")
    monkeypatch.setenv(STATE_VARIABLE, "redis://:other@h:1/3")
    monkeypatch.setenv(BROKER_VARIABLE, BROKER)
    assert LEDGER_SERVER.setting == STATE_VARIABLE
    assert BROKER_SERVER.setting == "broker_url (c.yaml line 2)"
    monkeypatch.setenv(STATE_VARIABLE, STATE)
    assert LEDGER_SERVER.setting == "redis_url (c.yaml line 1)"


BESIDE = "the broker is the database beside it"


@pytest.mark.parametrize("is_child", [False, True])
def test_a_broker_that_nobody_named_is_told_by_what_it_is_beside(
    file: Path, monkeypatch: pytest.MonkeyPatch, is_child: bool
) -> None:
    if is_child:
        monkeypatch.setenv("CHANGEOVER_UP", "/data")
        monkeypatch.setenv(STATE_VARIABLE, STATE)
        monkeypatch.setenv(BROKER_VARIABLE, "redis://:sesame@h:1/4")
    file.write_text(f"redis_url: {STATE}")
    assert BROKER_SERVER.setting == f"redis_url (c.yaml line 1; {BESIDE})"
    error = redis.ResponseError("DB index is out of range")
    told = f"redis_url: the server has no database of this number: {BESIDE}, in c.yaml line 1 (got 'redis://h:1/4')"
    assert str(refusal(error, "redis://:sesame@h:1/4", BROKER_VARIABLE)) == told
    file.write_text("")
    monkeypatch.setenv(STATE_VARIABLE, STATE)
    assert BROKER_SERVER.setting == f"{STATE_VARIABLE} ({BESIDE})"
    # Somebody has named one.
    monkeypatch.setenv(BROKER_VARIABLE, "redis://other")
    assert BROKER_SERVER.setting == BROKER_VARIABLE
    monkeypatch.delenv(BROKER_VARIABLE)
    assert str(spoken(BROKER_VARIABLE, "redis://other")) == BROKER_VARIABLE


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (redis.ConnectionError("refused"), "start it, or point redis_url (c.yaml line 1) at the right one"),
        (redis.ReadOnlyError("READONLY"), "name the master in redis_url (c.yaml line 1)"),
        (redis.InvalidResponse("got H"), "expected Redis 6 or later; point redis_url (c.yaml line 1) at the right one"),
        (redis.AuthenticationError("WRONGPASS"), "refuses the user or password of redis_url (c.yaml line 1)"),
        (redis.ResponseError("DB index is out of range"), "number, in c.yaml line 1 (got 'redis://h:1/3')"),
    ],
)
def test_a_server_that_does_not_do(error: Exception, end: str) -> None:
    assert str(refusal(error, STATE)).endswith(end)
