"""``python -m orchestrator.history``: the checker of the package, over a ledger as it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest
import redis

from orchestrator.client import Client
from orchestrator.history.__main__ import main
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Its exit code and what it says, asked as a user who may read everything."""

    def of(*options: str, **environment: str) -> tuple[int, str, str]:
        named = place.environment() | {
            "CHANGEOVER_REDIS_URL": place.admin_url,
            "CHANGEOVER_BROKER_URL": place.admin_broker_url,
        }
        with monkeypatch.context() as shell:
            for name, value in (named | environment).items():
                shell.setenv(name, value)
            shell.setattr(sys, "argv", ["history", *options])
            code = main()
        return code, *capsys.readouterr()

    return of


def test_a_ledger_in_order_and_one_that_a_hand_was_in(
    ask: Ask, client: Client, redis_client: redis.Redis, settings: Settings
) -> None:
    assert ask()[0] == 0, "an empty one"
    client.submit(plan("p", [tenant("a"), tenant("b")], [noop_stage("s")]))
    code, said, _ = ask()
    assert (code, said.splitlines()) == (0, [line for line in said.splitlines() if line.startswith("held: I1, ")])
    assert ask("--ended")[0] == 1, "nobody moves it"
    redis_client.hset(Keys(settings.namespace).of("task", "p.1"), "status", "COMPLETED")
    code, said, _ = ask("--json")
    found = json.loads(said)
    assert (code, found["holds"]) == (1, False)
    assert any(one["invariant"] == "I7" and "p.1" in one["message"] for one in found["violations"])


def test_what_cannot_be_asked_is_said(ask: Ask, place: Place, redis_client: redis.Redis) -> None:
    assert ask(CHANGEOVER_REDIS_URL="redis://127.0.0.1:1/0")[0] == 4
    redis_client.acl_setuser("half", enabled=True, passwords=["+half"], keys=["*"], commands=["+get", "+select"])
    code, _, said = ask(CHANGEOVER_REDIS_URL=place.admin_url.replace("//", "//half:half@"))
    assert code == 4
    assert "+@read" in said
    code, _, said = ask(CHANGEOVER_LANES="none")
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith("error: lanes: ")


def test_a_key_of_another_type_is_named(
    ask: Ask, client: Client, redis_client: redis.Redis, settings: Settings
) -> None:
    client.submit(plan("p", [tenant("a"), tenant("b")], [noop_stage("one")]))
    key = Keys(settings.namespace).of("tenant", "a")
    redis_client.delete(key)
    redis_client.set(key, "garbage")
    code, said, _ = ask()
    assert (code != 0, f"the key {key} is of another type" in said) == (True, True), said
