"""Flower is reached from this machine alone, or with a password, and runs no file that nobody named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.cli.flower_options import COLUMNS, guard_flower
from orchestrator.domain.errors import InvalidInput

OURS = {"address": "127.0.0.1", "conf": "/dev/null", "tasks_columns": COLUMNS, "read_only": "true"}
"""What is always said, and by whom it is not."""

GOOD: list[tuple[list[str], dict[str, str], dict[str, str], dict[str, str]]] = [
    (["--port=5555"], {}, {"port": "5555"}, {}),
    (["--address=localhost"], {}, {"address": "localhost"}, {}),
    (["-address=::1", "---max-tasks=5"], {}, {"address": "::1", "max_tasks": "5"}, {}),
    ([], {"FLOWER_ADDRESS": "127.0.0.2"}, {"address": "127.0.0.2"}, {}),
    (["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": "a:b"}, {"address": "0.0.0.0"}, {"FLOWER_BASIC_AUTH": "a:b"}),
    (["--address=", "--basic_auth=a:b,c:d"], {}, {"address": ""}, {"FLOWER_BASIC_AUTH": "a:b,c:d"}),
    (["-basic-auth=a:b:c"], {}, {}, {"FLOWER_BASIC_AUTH": "a:b:c"}),
    (["--cookie-secret=s", "--oauth2_secret=t"], {}, {}, {"FLOWER_COOKIE_SECRET": "s", "FLOWER_OAUTH2_SECRET": "t"}),
    (["--address=10.0.0.1", "--auth_provider=x.Y", "--auth=.*@z"], {},
     {"address": "10.0.0.1", "auth_provider": "x.Y", "auth": ".*@z"}, {}),
    (["--unix-socket=/run/f.sock"], {"FLOWER_BASIC_AUTH": "a:b"}, {"unix_socket": "/run/f.sock"},
     {"FLOWER_BASIC_AUTH": "a:b"}),
    (["--tasks_columns=uuid"], {}, {"tasks_columns": "uuid"}, {}),
    (["--read-only=false"], {}, {"read_only": "false"}, {}),
    ([], {"FLOWER_TASKS_COLUMNS": "uuid"}, {"tasks_columns": "uuid"}, {}),
    (["--debug", "--xheaders=no", "--task-runtime-metric-buckets=1,2.5"], {},
     {"debug": "true", "xheaders": "no", "task_runtime_metric_buckets": "1,2.5"}, {}),
]  # fmt: skip
OPEN = [
    (["--address=0.0.0.0"], {}),
    (["--address="], {}),
    (["--address=::"], {}),
    (["--address=flower.example"], {}),
    (["--address=127.0.0.1", "--address=0.0.0.0"], {}),
    (["--address=127.0.0.1", "-address=0.0.0.0"], {}),
    ([], {"FLOWER_ADDRESS": "0.0.0.0"}),
    (["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": ""}),
    (["--address=0.0.0.0", "--auth_provider=x.Y"], {}),
    # Its permissions are for everybody.
    (["--unix-socket=/run/f.sock"], {}),
]
WRONG = {
    "--port=abc": "--port: must be a port, 1 to 65535 (got 'abc')",
    "--port=0": "--port: must be a port, 1 to 65535 (got '0')",
    "--port=00000000099999": "--port: must be a port, 1 to 65535 (got '00000000099999')",
    "--port=99999": "--port: must be a port, 1 to 65535 (got '99999')",
    "--prt=5": "--prt: unknown option of Flower; did you mean 'port'?",
    "--port": "--port: expected --port=VALUE",
    "5555": "expected --option=value (got '5555')",
    "-max-tasks=x": "--max-tasks: expected a whole number (got 'x')",
    "--persistent=nope": "--persistent: expected true or false (got 'nope')",
    "--logging=loud": "--logging: expected one of debug, info, warning, error, none (got 'loud')",
    "--conf=absent.py": "--conf: cannot be read: No such file or directory (got 'absent.py')",
}


@pytest.mark.parametrize(("arguments", "environment", "started", "variables"), GOOD)
def test_good(
    arguments: list[str], environment: dict[str, str], started: dict[str, str], variables: dict[str, str]
) -> None:
    given, handed_on = guard_flower(arguments, environment)
    assert sorted(given) == sorted(f"--{name}={value}" for name, value in (OURS | started).items())
    assert handed_on == variables


@pytest.mark.parametrize(("arguments", "environment"), OPEN)
def test_open_to_others(arguments: list[str], environment: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="is open to others, so it wants a password"):
        guard_flower(arguments, environment)


@pytest.mark.parametrize("value", ["hunter2", "a:", ":hunter2", "", "a:hunter2,"])
def test_half_a_password_is_named_and_not_shown(value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        guard_flower([f"--basic-auth={value}"], {})
    assert str(caught.value) == "--basic-auth: expected user:password, several parted by commas"


@pytest.mark.parametrize("value", ["a:hunter2,", ",a:hunter2", "a:hunter2,,b:c", ",", "a:hunter2,b"])
def test_no_empty_password_comes_by_the_variable(value: str) -> None:
    """Flower lets in by it whoever sends none: ``Authorization: Basic =``."""
    with pytest.raises(InvalidInput) as caught:
        guard_flower(["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": value})
    assert "FLOWER_BASIC_AUTH: expected user:password, several parted by commas" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_one_slip_is_told_once_and_where_it_stands() -> None:
    with pytest.raises(InvalidInput) as caught:
        guard_flower(["--port", "5555", "x", "--prot", "5555"], {"FLOWER_BASIC_AUTH": "ada"})
    assert str(caught.value).splitlines() == [
        "--port: expected --port=VALUE",
        "expected --option=value (got 'x')",
        "--prot: unknown option of Flower; did you mean 'port'?",
        "FLOWER_BASIC_AUTH: expected user:password, several parted by commas",
    ]


def test_an_open_api_on_an_open_address() -> None:
    with pytest.raises(InvalidInput, match="FLOWER_UNAUTHENTICATED_API"):
        guard_flower(["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": "a:b", "FLOWER_UNAUTHENTICATED_API": "1"})
    guard_flower([], {"FLOWER_UNAUTHENTICATED_API": "1"})


@pytest.mark.parametrize("argument", WRONG)
def test_what_flower_does_not_take(argument: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        guard_flower([argument], {})
    assert str(caught.value) == WRONG[argument]


def test_a_wrong_variable() -> None:
    with pytest.raises(InvalidInput, match="FLOWER_PORT: must be a port"):
        guard_flower([], {"FLOWER_PORT": "abc"})


@pytest.mark.parametrize(
    ("argument", "planted"), [("--conf={}", "x"), ("--db={}", "x"), ("--db={}", "x.db"), ("--db={}", "x.dat")]
)
def test_a_file_that_others_may_write_is_not_run(argument: str, planted: str, tmp_path: Path) -> None:
    """A shelf is a program too: it holds pickles."""
    file = tmp_path / planted
    file.write_text("")
    arguments = [argument.format(tmp_path / "x"), "--persistent=true"]
    assert arguments[0] in guard_flower(arguments, {})[0]
    file.chmod(0o666)
    with pytest.raises(InvalidInput, match="other users may write the file"):
        guard_flower(arguments, {})


@pytest.mark.parametrize("of_setting", ["ada:long", None])
def test_an_empty_variable_is_none(of_setting: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flower would let in whoever sends an empty password."""
    started: list[dict[str, str]] = []
    monkeypatch.setattr(os, "execve", lambda *given: started.append(given[2]))
    monkeypatch.setenv("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/0")
    for name in ("FLOWER_BASIC_AUTH", "FLOWER_basic_auth"):
        monkeypatch.setenv(name, "")
    if of_setting is not None:
        monkeypatch.setenv("CHANGEOVER_FLOWER__BASIC_AUTH", of_setting)
    with pytest.raises(SystemExit):
        main(["flower"])
    assert [one.get("FLOWER_BASIC_AUTH") for one in started] == [of_setting]
    assert "FLOWER_basic_auth" not in started[0]
