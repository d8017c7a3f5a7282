"""A field that is stored as JSON may have a wrong member: whoever looks names record, field, value and what was
expected, and nothing else is stopped by it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import redis

from orchestrator.client import Client
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.outcomes import Ended
from orchestrator.ledger.stored_forms import LISTS, PLAN_FORMS, TASK_FORMS, expected, wrong_member
from orchestrator.settings.model import Settings
from tests.support.cli import in_this_process
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.long import long
from tests.support.place import Place
from tests.support.wrong_members import sound_object, wrong_objects

GATE = json.dumps({"url": "http://127.0.0.1:1/", "interval": 1000, "timeout": 60_000})


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    world = LedgerWorld(redis_client, settings)
    world.started("good", ["g"])
    world.started("p", ["a", "b"], max_concurrency=1)
    return world


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    with Client(settings) as client:
        yield client


def of_task(world: LedgerWorld) -> str:
    return next((one.wrong for step in world.reader.damaged_tasks("p", 0, 2) for one in step), "")


def of_plan(world: LedgerWorld) -> str:
    return world.reader.wrong_with_plan("p")


@pytest.mark.parametrize(
    ("kind", "identifier", "forms", "wrong_of"),
    [("task", "p.0", TASK_FORMS, of_task), ("plan", "p", PLAN_FORMS, of_plan)],
    ids=["task", "plan"],
)
def test_each_wrong_member_is_named(
    world: LedgerWorld,
    client: Client,
    kind: str,
    identifier: str,
    forms: dict[str, str],
    wrong_of: Callable[[LedgerWorld], str],
) -> None:
    key = world.keys.of(kind, identifier)
    # So that a plan's pausedFor, and a task's, is read.
    world.client.hset(key, "pauseRequested", "1")
    for field, form in forms.items():
        world.client.hset(key, field, json.dumps(sound_object(form)))
        assert wrong_of(world) == "", field
        for member, value in wrong_objects(form):
            world.client.hset(key, field, json.dumps(value))
            told = wrong_member(form, value)
            assert told is not None
            said = f"its {field}.{member} is {told[1].replace(', ', ',') or 'missing'}, expected "
            assert wrong_of(world).replace(", ", ",") == f"{said}{expected(form, member)}".replace(", ", ",")
        world.client.hdel(key, field)
    assert wrong_of(world) == ""


@pytest.mark.parametrize("field", LISTS)
def test_a_list_of_a_plan_is_looked_at_too(world: LedgerWorld, field: str) -> None:
    key, texts = world.keys.of("plan", "p"), LISTS[field]
    for text in ("[]", "{}", json.dumps([["x"] * texts if texts else "x"])):
        world.client.hset(key, field, text)
        assert of_plan(world) == "", text
    wrong = f"its {field}[0] is "
    for value, said in (("5", "not a JSON list"), ("[5]", wrong), ('[["x"]]', wrong), ('{"a":1}', "not a JSON list")):
        world.client.hset(key, field, value)
        assert said in of_plan(world)


def test_whoever_looks_names_it_and_the_mend(world: LedgerWorld, client: Client, place: Place) -> None:
    asked = {"operation": "pause", "actor": 5, "reason": "lunch", "at": 1}
    said = "its lastOperation.actor is 5, expected text"
    world.client.hset(world.keys.of("task", "p.0"), "lastOperation", json.dumps(asked))
    for kind in ("task", "plan"):
        sentences = " ".join(client.explain(whole=False, **{f"{kind}_id": "p.0" if kind == "task" else "p"}).reasons)
        assert f"{said}" in sentences
        assert "put it right with HSET" in sentences
    (row,) = [check for check in client.doctor().checks if check.name == "task p.0 (tenant a)"]
    assert row.finding.startswith(said)
    code, printed = in_this_process("status", "p", environment=place.environment())
    assert (code, f"DAMAGED: task p.0 (tenant a): {said}" in printed) == (0, True)
    world.client.hset(world.keys.of("plan", "p"), "lastOperation", json.dumps(asked))
    assert f"the record of plan p: {said}" in " ".join(client.explain(plan_id="p").reasons)
    (row,) = [check for check in client.doctor().checks if check.name == "plan p"]
    assert row.finding.startswith(said)
    # Nobody goes by it.
    assert world.finish("p.0") is Ended.COMPLETED
    world.serve("p")
    assert world.finish("p.1") is Ended.COMPLETED
    assert world.status("p") == "COMPLETED"


@pytest.mark.parametrize(
    "gate", ["garbage?HIDDEN", "5", '{"url": "http://127.0.0.1:1/?HIDDEN", "timeout": 1}', '{"url": ["HIDDEN"]}']
)
def test_a_damaged_gate_stops_its_own_plan_only_and_a_person_may_answer(world: LedgerWorld, gate: str) -> None:
    waves = (Wave("canary", 1, gate=GATE), Wave("rest", 1))
    for plan_id, tenants in (("bad", ["c", "d"]), ("sound", ["e", "f"])):
        world.started(plan_id, tenants, rules=FleetRules(2, waves=waves), wave_of=[0, 1])
    world.client.hset(world.keys.of("plan", "bad"), "wave:0:gate", gate)
    assert "wave:0:gate" in world.reader.wrong_with_plan("bad")
    assert "HIDDEN" not in world.reader.wrong_with_plan("bad")
    assert world.finish("bad.0") is Ended.COMPLETED
    assert world.finish("sound.0") is Ended.COMPLETED
    asked = []
    for _ in range(3):
        if (question := world.awaited.hand_out().question) is not None:
            asked.append((question.plan_id, world.awaited.gate(question) is not None))
    assert ("sound", True) in asked
    assert ("bad", True) not in asked
    assert world.reader.plan_record("bad")["wave:0:state"] == "GATED"
    world.operations.answer_gate("bad", "", ME, approves=True)
    world.serve("bad")
    assert world.finish("bad.1") is Ended.COMPLETED


def test_where_refusals_are_damaged_a_retry_names_them_anew(world: LedgerWorld) -> None:
    world.break_stage("p.0")
    world.serve("p")
    world.break_stage("p.1")
    for task_id in ("p.0", "p.1"):
        world.use_up_retries(task_id)
    world.operations = Operations(world.ledger, 0)
    world.ask("retry", "p")
    world.client.hset(world.keys.of("plan", "p"), "retryRefusals", "garbage")
    world.serve("p")
    record = world.reader.plan_record("p")
    assert "retryCursor" not in record
    assert [task for task, _, _ in json.loads(record["retryRefusals"])] == ["p.0", "p.1"]
    assert record["status"] == "FAILED"


VALUES = ("{}", '{"a":5}', '"x"', "garbage", '{"state":[],"type":"a","message":"b","stageName":5}')


@long
def test_whatever_keeps_a_record_from_being_read_is_named(world: LedgerWorld, client: Client) -> None:
    """Each field of a plan and of its tasks: one in its second stage, and one that has failed."""
    world.stage("p.0")
    world.begin("p.0")
    world.poll("p.0")
    world.started("q", ["c"])
    world.break_stage("q.0")
    world.ask("pause", "p")
    found = []
    for kind, identifier in (("plan", "p"), ("task", "p.0"), ("task", "q.0")):
        key = world.keys.of(kind, identifier)
        for field, before in cast(dict[str, str], world.client.hgetall(key)).items():
            for text in VALUES:
                world.client.hset(key, field, text)
                told = client.explain(whole=False, **{f"{kind}_id": identifier})
                reasons = " ".join(told.reasons)
                is_read = told.status != "DAMAGED" and "cannot be read" not in reasons
                if not is_read and f"its {field}" not in reasons:
                    found.append(f"{kind} {identifier} {field}={text}: {reasons}")
            world.client.hset(key, field, before)
    assert found == []


def test_a_plans_own_times_and_counts_are_named_too(world: LedgerWorld, client: Client) -> None:
    key = world.keys.of("plan", "p")
    for field in ("written", "startedAt"):
        before = str(world.client.hget(key, field))
        world.client.hset(key, field, "garbage")
        assert f"its {field} is 'garbage', not a number" in " ".join(client.explain(plan_id="p").reasons)
        world.client.hset(key, field, before)
    world.client.hset(world.keys.of("task", "p.0"), "cursor", '{"state":[]}')
    assert client.task_status("p.0").status == "RUNNING"
