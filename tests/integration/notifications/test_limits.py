"""What a hook may not do, and what cannot hurt it: secrets, hosts, tests, damage."""

from __future__ import annotations

import pytest

from orchestrator.ledger.operations import Order
from orchestrator.notifications.delivery import Delivery
from orchestrator.settings.model import Settings
from tests.support.hooked import SECRET, Hooked, hooked, told, verified
from tests.support.instances import Instances, in_turn, raw, says
from tests.support.ledger_world import LedgerWorld

OK = says({})


def test_a_secret_is_read_anew_and_a_missing_one_is_told(
    world: LedgerWorld, server: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = hooked(world, server, events=["PlanStarted"])
    world.started("p", ["a"])
    monkeypatch.delenv("CHANGEOVER_SECRET_OPS_HOOK")
    hook.sender.look()
    assert "no secret OPS_HOOK: set CHANGEOVER_SECRET_OPS_HOOK" in hook.state.text("said")
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS_HOOK", "not base64 at all")
    hook.sender.look()
    assert hook.state.text("said").startswith("secret OPS_HOOK is no key")
    rotated = SECRET.replace("YSBr", "YSBs")
    monkeypatch.setenv("CHANGEOVER_SECRET_OPS_HOOK", rotated)
    hook.sender.look()
    (event,) = verified(server.received, rotated)
    assert event["data"]["planId"] == "p"


def test_no_secret_is_stored_whatever_the_receiver_says(
    world: LedgerWorld, server: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_PLACE", "T0PSECRETPLACE")
    server.answers["/T0PSECRETPLACE"] = says({"echo": f"{SECRET} at T0PSECRETPLACE"}, 500)
    hook = Hooked(world, server.url("/{{ secret.PLACE }}"), max_attempts=1)
    hook.sender.look()
    world.started("p", ["a"])
    hook.looks(2)
    assert len(server.received) == 5
    (status,) = hook.desk.all()
    kept = repr([world.client.hgetall(world.keys.of("hook", "ops")), hook.desk.dead("ops"), status])
    assert "T0PSECRETPLACE" not in kept
    assert SECRET not in kept
    assert "***" in kept


def test_a_hook_goes_no_further_than_a_step(world: LedgerWorld, server: Instances, settings: Settings) -> None:
    world.settings = settings.model_copy(update={"allow_loopback": False})
    hook = Hooked(world, server.url("/").replace("127.0.0.1", "localhost"))
    hook.sender.look()
    world.started("p", ["a"])
    hook.sender.look()
    assert "not sent: host 'localhost' is loopback; not called" in hook.state.text("said")
    assert server.received == []


def test_a_receiver_whose_name_changes_its_mind_is_not_followed(  # DNS rebinding
    world: LedgerWorld, server: Instances, settings: Settings
) -> None:
    hook = Hooked(world, server.url("/").replace("127.0.0.1", "hook.example.com"))
    turns, asked = [["192.0.2.1"], ["192.0.2.1", "127.0.0.1"], ["127.0.0.1"]], []

    async def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return turns[len(asked) - 1]

    forbids = settings.model_copy(update={"allow_loopback": False})
    hook.delivery = Delivery(forbids, look_up)
    hook.take_over("me/1").look()
    world.started("p", ["a"])
    # Nobody is at the first address, or says so.
    with hook.hurried(0.5):
        hook.look_until(lambda: asked)
    said = [hook.state.text("said")]
    for turn in (2, 3):
        # A look-up an attempt: the address that was judged is the one that is dialled.
        hook.sender.look()
        assert asked == ["hook.example.com"] * turn
        said.append(hook.state.text("said"))
    assert "not called" not in said[0]
    assert all("stands for 127.0.0.1, which is loopback" in one for one in said[1:])
    assert server.received == []
    # Where it may be called, it is.
    hook.delivery = Delivery(settings.model_copy(update={"allow_loopback": True}), look_up)
    turns.append(["127.0.0.1"])
    hook.take_over("me/1").look()
    assert server.received[0].headers["host"].startswith("hook.example.com:")


def test_a_test_is_sent_at_once_and_only_once(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, max_attempts=9)
    server.answers["/"] = in_turn(raw(b"", 429, Retry_After="3600"), says({}, 500), OK)
    world.started("p", ["a"])
    hook.looks(2)
    for outcome in ("answered status 500: {}", ""):
        event_id = hook.desk.test("ops", Order("ada"))
        assert hook.desk.outcome("ops", event_id) is None
        hook.sender.look()
        assert hook.desk.outcome("ops", event_id) == outcome
    # One that was taken says that the receiver is well: the log goes on in the same look.
    assert told(server)[:4] == ["PlanCreated", "WebhookTest", "WebhookTest", "PlanCreated"]
    assert hook.desk.dead("ops") == []


def test_damage_in_what_is_kept_stops_nothing(world: LedgerWorld, server: Instances) -> None:
    hook = hooked(world, server, events=["PlanStarted"])
    world.started("p", ["a"])
    world.client.zadd(world.keys.of("hook_again", "ops"), {"garbage": 7})
    world.client.hset(world.keys.of("hook", "ops"), mapping={"cursor": "garbage", "failures": "x", "about": "[]"})
    hook.take_over("me/1").look()
    assert hook.desk.one("ops").health == "well"
    for about in ('{"events":1e3}', '{"events":null}'):
        world.client.hset(world.keys.of("hook", "ops"), "about", about)
        assert hook.desk.one("ops").events == []
    # Where it was is not known any more: it goes on from where it began, and repeats rather than leave out.
    assert [event["data"]["planId"] for event in verified(server.received)] == ["p"]
