"""Who asked for what, and what came of it, from the log of a ledger that tests play through."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import redis

from orchestrator.cli import main
from orchestrator.client import Client
from orchestrator.control.audit import AuditReader
from orchestrator.control.audit_answers import AuditFilter
from orchestrator.domain.errors import InvalidInput
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.audit_reads import AuditReads
from orchestrator.ledger.tokens import Tokens
from orchestrator.settings.model import Settings
from tests.support.doors import names_actors
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings, user_client)


@names_actors
def test_who_asked_for_what_and_what_came_of_it(world: LedgerWorld, client: Client) -> None:
    world.started("p", ["eu-1", "eu-2", "us-1"], max_concurrency=2)
    world.begin("p.0")
    client.pause(plan_id="p", reason="error rate is up", actor="ada")
    client.resume(plan_id="p", actor="bob")
    client.cancel(task_id="p.2", reason="not this one", actor="ada")
    client.freeze(tenants="eu-*", reason="quarter end", for_seconds=60, actor="carl")
    client.create_token("on-call", "operator", actor="carl")
    client.revoke_token("on-call", reason="lost", actor="carl")
    Tokens(world.ledger).note_failure("10.0.0.9", "token")

    found = list(client.audit())
    assert [(one.actor, one.operation, one.target_type, one.target_id) for one in found] == [
        ("", "submit", "plan", "p"),
        ("ada", "pause", "plan", "p"),
        ("bob", "resume", "plan", "p"),
        ("ada", "cancel", "task", "p.2"),
        ("carl", "freeze", "freeze", "freeze-1"),
        ("carl", "create-token", "token", "on-call"),
        ("carl", "revoke-token", "token", "on-call"),
        ("", "sign-in", "console", "10.0.0.9"),
    ]
    # Read from its end it is the same, a page at a time as well.
    page = client.audit_page(AuditFilter(), limit=3, cursor=None, newest_first=True)
    newest = list(page.entries)
    while page.next_cursor is not None:
        page = client.audit_page(AuditFilter(), limit=3, cursor=page.next_cursor, newest_first=True)
        newest += page.entries
    assert newest == found[::-1]
    outcomes = {one.operation: one.outcome for one in found}
    assert outcomes["submit"] == "PlanReady"
    assert outcomes["cancel"] == "TaskCancelled"
    assert (outcomes["freeze"], outcomes["sign-in"]) == ("done", "refused")
    (pause,) = (one for one in found if one.operation == "pause")
    assert (pause.reason, pause.outcome) == ("error rate is up", "superseded")
    assert outcomes["resume"] == "done"
    (frozen,) = (one for one in found if one.operation == "freeze")
    assert frozen.options["scope"] == {"tenants": "eu-*", "label": None, "all": False}

    def operations(**wanted: str) -> list[str]:
        return [one.operation for one in client.audit(**wanted)]  # type: ignore[arg-type]

    assert operations(actor="ad*") == ["pause", "cancel"]
    # What is about the tenant itself, and a freeze that covers it.
    assert operations(tenant="us-1") == ["cancel"]
    assert operations(tenant="eu-2") == ["freeze"]
    assert operations(plan="p") == ["submit", "pause", "resume", "cancel"]
    later = world.reader.now() + timedelta(hours=1)
    assert list(client.audit(since=later)) == []


@names_actors
def test_a_submit_tells_who(client: Client) -> None:
    client.submit(plan("mine", [tenant("a")], [noop_stage("s")]), actor="ada")
    (entry,) = client.audit(actor="ada")
    assert (entry.operation, entry.target_id, entry.outcome) == ("submit", "mine", "PlanReady")


@names_actors
def test_one_request_about_many_tasks_is_one_entry(world: LedgerWorld, client: Client) -> None:
    world.plan("p", [f"t-{n}" for n in range(250)])
    client.exclude("p", "t-1*", reason="not ready", actor="ada")
    (entry,) = client.audit(actor="ada")
    assert (entry.operation, entry.target_type, entry.target_id, entry.outcome) == ("exclude", "plan", "p", "done")
    assert entry.targets == sum(str(n).startswith("1") for n in range(250))
    assert (
        client.audit_page(AuditFilter(), limit=100, cursor=None, newest_first=True).entries == [*client.audit()][::-1]
    )


@names_actors
def test_an_end_is_that_of_its_own_target_and_may_be_lost(world: LedgerWorld, client: Client) -> None:
    world.started("p", ["a", "b"], max_concurrency=2)
    world.begin("p.0")
    client.cancel(task_id="p.0", reason="why", actor="ada")
    (cancel,) = client.audit(actor="ada")
    assert cancel.outcome is None
    world.finish("p.1")
    assert next(client.audit(actor="ada")).outcome is None
    world.succeed("p.0")
    assert next(client.audit(actor="ada")).outcome == "TaskCancelled"
    # Purged, or lost: what followed is not kept.
    world.client.delete(world.keys.of("log", "p"))
    assert next(client.audit(actor="ada")).outcome == "unknown"


@names_actors
def test_pages_hold_all_and_nothing_twice(world: LedgerWorld, client: Client) -> None:
    for number in range(7):
        client.freeze(tenants=f"t-{number}", reason="r", for_seconds=60, actor="ada" if number % 2 else "bob")
    reader = AuditReader(AuditReads(world.client, world.keys))
    for wanted, expected in ((AuditFilter(), 7), (AuditFilter(actor="ada"), 3)):
        found, cursor = [], None
        while True:
            page = reader.page(wanted, 2, cursor)
            found += [one.sequence_id for one in page.entries]
            if (cursor := page.next_cursor) is None:
                break
        assert len(found) == len(set(found)) == expected
        assert found == sorted(found)
    with pytest.raises(InvalidInput, match="cursor"):
        reader.page(AuditFilter(), 2, "x")


@names_actors
def test_it_outlives_the_feed_and_damage_keeps_nobody_from_anything(world: LedgerWorld, client: Client) -> None:
    client.freeze(tenants="a", reason="r", for_seconds=60, actor="ada")
    world.client.xtrim(world.keys.of("feed"), 0)
    assert [one.actor for one in client.audit()] == ["ada"]
    world.client.delete(world.keys.of("audit"))
    world.client.set(world.keys.of("audit"), "garbage")
    assert client.freeze(tenants="b", reason="r", for_seconds=60).freeze_id == "freeze-2"


@names_actors
def test_at_the_command_line(
    client: Client, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    client.freeze(tenants="a", reason="r\n\tx", for_seconds=60, actor="ada")

    def said(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["audit", *arguments])
        out, err = capsys.readouterr()
        return out if not ended.value.code else err

    line = said()
    assert line[20:] == " ada  freeze freeze freeze-1  done  r\\n\\tx\n"
    (told,) = (json.loads(one) for one in said("--json").splitlines())
    assert (told["actor"], told["operation"], told["outcome"]) == ("ada", "freeze", "done")
    assert said("--actor", "bob") == ""
    assert [line.split(":")[1] for line in said("--since", "x", "--actor", "").splitlines()] == [" --since", " actor"]


def test_what_is_done_in_the_call_is_not_told_as_under_way(world: LedgerWorld, client: Client) -> None:
    waves = (Wave("canary", 1, gate="manual"), Wave("rest", 1))
    world.started("p", ["a", "b"], rules=FleetRules(2, waves=waves), wave_of=[0, 1], stages=["one"])
    world.finish("p.0")
    client.reject("p", reason="not yet", actor="ada")
    client.pause(plan_id="p", reason="lunch", actor="bob")
    client.pause(task_id="p.1", actor="bob")
    client.rollback(task_id="p.0", actor="bob")
    client.cancel(task_id="p.0", reason="better not", actor="carl")
    outcomes = [(one.operation, one.target_id, one.outcome) for one in client.audit() if one.actor != "ada"]
    assert ("pause", "p", "done") in outcomes
    assert ("cancel", "p.0", "done") in outcomes
    assert ("rollback", "p.0", "superseded") in outcomes
