"""What a server caused is one line in the log that says what the server is; every other fault keeps its traceback."""

from __future__ import annotations

import json
import logging

import pytest
import redis
from kombu.exceptions import OperationalError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ExecAbortError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)

from checkpoint import CheckpointStoreUnavailable
from orchestrator.domain.errors import DamagedData, Unreachable
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.entry import NotLetIn
from orchestrator.ledger.refusals import (
    BROKER,
    DAMAGED_KEY,
    NOT_NOW,
    SOME_SERVER,
    NotNow,
    is_servers_fault,
    not_now,
    refusal,
    state_words,
)
from orchestrator.observability.logs import configure_logs
from orchestrator.secrets.masking import quotable
from orchestrator.settings.model import Settings
from steps.raised import Escaped

FULL = OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (redis.ConnectionError("Connection refused"), "Redis is away"),
        (redis.ConnectionError("NOREPLICAS Not enough good replicas to write."), "Redis has too few replicas"),
        (FULL, "Redis is full"),
        (caused(OperationalError("no"), FULL), "Redis is full"),
        (caused(ExecAbortError("Transaction discarded because of previous errors."), FULL), "Redis is full"),
        (BusyLoadingError("Redis is loading the dataset in memory"), "Redis is still loading"),
        (ReadOnlyError("READONLY You can't write against a read only replica."), "Redis is a replica"),
        (redis.ConnectionError("MISCONF Redis is configured to save"), "Redis cannot save to its disk"),
        (
            caused(OperationalError("no"), redis.InvalidResponse('got "H"')),
            "Redis is none that Changeover can work with",
        ),
        (redis.ResponseError("unknown command `HELLO`"), "Redis is none that Changeover can work with"),
    ],
)
def test_a_server_is_called_what_it_is(error: Exception, words: str) -> None:
    assert state_words(error).startswith(words)


WRONG = AuthenticationError("invalid username-password pair or user is disabled.")
MISSING = AuthenticationError("Authentication required.")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (WRONG, "refuses the user or password of CHANGEOVER_BROKER_URL"),
        (ResponseError("WRONGPASS invalid username-password pair"), "refuses the user or password of"),
        (caused(OperationalError("no"), MISSING), "wants a password; give it in CHANGEOVER_BROKER_URL"),
        (NoPermissionError("this user has no permissions to run the 'brpop' command"), "does not let our user do this"),
        (ResponseError("ACL failure in script: this user"), "does not let our user do this (ACL failure in script"),
    ],
)
def test_who_refuses_us_is_not_away(error: Exception, words: str) -> None:
    assert state_words(error, BROKER).startswith(f"the broker {words}")
    assert is_servers_fault(error)
    told = refusal(error, "redis://:sesame@h:1/7", BROKER.variable)
    assert isinstance(told, NotLetIn) is not isinstance(error, OperationalError)
    # Of whom nobody knows whose it is no variable is named.
    assert "CHANGEOVER" not in state_words(error, SOME_SERVER)


def test_a_missing_password_is_told_with_the_form_that_has_one() -> None:
    told = refusal(MISSING, "rediss://h:1/7", BROKER.variable)
    assert told is not None
    assert quotable(str(told)).endswith("give it in CHANGEOVER_BROKER_URL: rediss://user:password@host:port/7")
    assert "sesame" not in quotable("redis://user:sesame@host:port/7")
    assert str(refusal(MISSING, "unix:///run/r.sock?db=7")).endswith("give it in CHANGEOVER_REDIS_URL")


@pytest.mark.parametrize("state", NOT_NOW, ids=lambda state: state.code)
def test_each_state_is_told_the_same_everywhere(state: NotNow) -> None:
    words = "the key changeover:{x}:seq is damaged"
    errors = [
        redis.ResponseError(f"Error running script: -{state.code} {words}"),
        redis.ConnectionError(f"{state.code} {words}"),
    ]
    if state.kind is not None:
        errors.append(state.kind("no"))
    for error in errors:
        assert not_now(error) is state
        assert state_words(error) == f"Redis {state.words}"
        assert is_servers_fault(error)
        told = refusal(error, "redis://127.0.0.1:1/0")
        if state is DAMAGED_KEY:
            # Nobody waits at a command line for a hand to mend it.
            assert isinstance(told, DamagedData)
        else:
            assert isinstance(told, Unreachable)
            assert f" {state.words}" in str(told)


@pytest.mark.parametrize("users", [Escaped("the rollback strategy raised it"), CheckpointStoreUnavailable("away")])
def test_what_stands_behind_a_users_error_is_a_server_of_its_own(users: Exception) -> None:
    assert not is_servers_fault(caused(users, redis.ConnectionError("away")))
    assert is_servers_fault(caused(redis.ConnectionError("away"), users))


def test_clients_wait_for_what_the_states_are_told_by() -> None:
    kinds = {state.kind for state in NOT_NOW if state.kind is not None}
    assert set(UNREACHABLE) == {redis.ConnectionError, redis.TimeoutError, *kinds}


def test_only_what_no_server_caused_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    try:
        configure_logs(Settings(log_format="json"))
        for error in (caused(OperationalError("no"), FULL), ValueError("ours")):
            try:
                raise error
            except (OperationalError, ValueError):
                logging.getLogger("celery.worker").exception("it went wrong\nTraceback ...")
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    finally:
        root.handlers, root.level = before[0], before[1]
        logging.captureWarnings(False)
    servers, ours = lines
    assert (servers["event"], servers["reason"]) == ("it went wrong", "Redis is full")
    assert "exception" not in servers
    assert "ValueError: ours" in ours["exception"]
