"""Flower is reached from this machine alone, or with a password."""

from __future__ import annotations

import pytest

from orchestrator.cli.flower_options import COLUMNS, guard_flower
from orchestrator.domain.errors import InvalidInput

GOOD = [
    (["--port=5555"], {}, ["--port=5555", "--address=127.0.0.1"], {}),
    (["--address=localhost"], {}, ["--address=localhost"], {}),
    (["--address=::1"], {}, ["--address=::1"], {}),
    ([], {"FLOWER_ADDRESS": "127.0.0.2"}, [], {}),
    (["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": "a:b"}, ["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": "a:b"}),
    (["--address=", "--basic_auth=a:b,c:d"], {}, ["--address="], {"FLOWER_BASIC_AUTH": "a:b,c:d"}),
    (["--basic-auth=a:b:c"], {}, ["--address=127.0.0.1"], {"FLOWER_BASIC_AUTH": "a:b:c"}),
    (["--address=10.0.0.1", "--auth_provider=x.Y", "--auth=.*@z"], {},
     ["--address=10.0.0.1", "--auth_provider=x.Y", "--auth=.*@z"], {}),
    (["--unix-socket=/run/f.sock", "--address="], {}, ["--unix-socket=/run/f.sock", "--address="], {}),
]  # fmt: skip
OPEN = [
    (["--address=0.0.0.0"], {}),
    (["--address="], {}),
    (["--address=::"], {}),
    (["--address=flower.example"], {}),
    (["--address=127.0.0.1", "--address=0.0.0.0"], {}),
    ([], {"FLOWER_ADDRESS": "0.0.0.0"}),
    (["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": ""}),
    (["--address=0.0.0.0", "--auth_provider=x.Y"], {}),
]


@pytest.mark.parametrize(("arguments", "environment", "started", "variables"), GOOD)
def test_good(arguments: list[str], environment: dict[str, str], started: list[str], variables: dict[str, str]) -> None:
    assert guard_flower(arguments, environment) == ([*started, f"--tasks-columns={COLUMNS}"], variables)


def test_columns_that_are_given_stay() -> None:
    given = ["--address=127.0.0.1", "--tasks_columns=uuid"]
    assert guard_flower(given, {}) == (given, {})
    assert guard_flower(given[:1], {"FLOWER_TASKS_COLUMNS": "uuid"}) == (given[:1], {})


@pytest.mark.parametrize(("arguments", "environment"), OPEN)
def test_open_to_others(arguments: list[str], environment: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="--address: is open to others, so it wants a password"):
        guard_flower(arguments, environment)


@pytest.mark.parametrize("value", ["hunter2", "a:", ":hunter2"])
def test_half_a_password_is_named_and_not_shown(value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        guard_flower([f"--basic-auth={value}"], {})
    assert str(caught.value) == "--basic-auth: expected user:password"


def test_an_open_api_on_an_open_address() -> None:
    with pytest.raises(InvalidInput, match="FLOWER_UNAUTHENTICATED_API"):
        guard_flower(["--address=0.0.0.0"], {"FLOWER_BASIC_AUTH": "a:b", "FLOWER_UNAUTHENTICATED_API": "1"})
    guard_flower([], {"FLOWER_UNAUTHENTICATED_API": "1"})
