"""`changeover webhooks`, as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from orchestrator.cli import main
from orchestrator.notifications.notifier import Notifier
from orchestrator.settings.model import Settings
from orchestrator.settings.webhooks import WebhookSettings
from tests.support.hooked import AT_ONCE, hook_setting, told
from tests.support.instances import Instances, in_turn, says
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.waiting import wait_until

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def changeover(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """A command in this process: its exit code, what it prints, what it says of errors."""
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_list_test_dead_and_resend(world: LedgerWorld, settings: Settings, changeover: Command) -> None:
    assert changeover("webhooks")[1] == "no webhooks: no coordinator has had any in its settings\n"
    with Instances({"/": in_turn(*[says({}, 500)] * 2, says({}))}) as server:
        hook = hook_setting(server.url("/"), max_attempts=1, events=["PlanCreated", "PlanStarted"])
        hooks = {"ops": WebhookSettings.model_validate(hook)}
        notifier = Notifier(world.ledger, settings.model_copy(update={"webhooks": hooks}), "here:1", AT_ONCE)
        notifier.start()
        try:
            wait_until(lambda: "ops: well; sends" in changeover("webhooks")[1])
            code, said, _ = changeover("webhooks", "test", "ops")
            assert (code, said) == (1, "ops: answered status 500: {}\n")
            world.started("p", ["a"])
            wait_until(lambda: told(server) == ["WebhookTest", "PlanCreated", "PlanStarted"])
            (listed,) = json.loads(changeover("webhooks", "--json")[1])
            assert (listed["name"], listed["deadLetters"], listed["host"]) == ("ops", 1, f"http://{server.address}")
            (dead,) = (json.loads(line) for line in changeover("webhooks", "dead", "ops", "--json")[1].splitlines())
            assert (dead["type"], dead["data"]["planId"], dead["attempts"]) == ("PlanCreated", "p", 1)
            assert dead["id"] in changeover("webhooks", "dead", "ops")[1]
            assert (
                changeover("webhooks", "resend", "ops", dead["id"], "--reason", "up", "--actor", "ada")[1]
                == "ops: 1 notifications are sent again\n"
            )
            wait_until(lambda: told(server)[3:] == ["PlanCreated"])
            assert changeover("webhooks", "test", "ops", "--json")[:2] == (
                0,
                '{"name": "ops", "taken": true, "message": "it was taken"}\n',
            )
            assert changeover("webhooks", "dead", "ops")[1] == "no dead letters\n"
            assert changeover("webhooks", "enable", "ops")[0] == 0
            told_of = [json.loads(line) for line in changeover("audit", "--json")[1].splitlines()]
            assert [(one["operation"], one["reason"]) for one in told_of if one["targetType"] == "webhook"] == [
                ("test-webhook", ""),
                ("resend-letters", "up"),
                ("test-webhook", ""),
                ("enable-webhook", ""),
            ]
            assert [one["actor"] for one in told_of if one["reason"] == "up"] == ["ada"]
        finally:
            notifier.stop()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["send"], 2, "expected one of list, dead, resend, enable, test"),
        (["list", "ops"], 2, "list takes no name"),
        (["dead"], 2, "dead of which webhook?"),
        (["dead", "ops", "1-a"], 2, "only resend takes ids"),
        (["dead", "nobody"], 3, "there is no webhook 'nobody'"),
        (["test", "nobody"], 3, "there is no webhook 'nobody'"),
        (["enable", "nobody"], 3, "there is no webhook 'nobody'"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, said: str, changeover: Command) -> None:
    found, _, errors = changeover("webhooks", *arguments)
    assert found == code
    assert said in errors
