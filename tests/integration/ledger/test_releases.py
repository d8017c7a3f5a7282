"""Releases beside each other: what an earlier one left is read, what a later one adds is ignored, and who is too old
for something leaves it to others."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from orchestrator.client import Client
from orchestrator.control.explain import Explainer
from orchestrator.domain import formats
from orchestrator.domain.errors import TooOld
from orchestrator.domain.events import OtherEvent
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.script_source import UNGATED, script_names
from orchestrator.settings.model import Settings
from steps import StepRegistry, load_registry
from tests.support.cli import changeover
from tests.support.cluster import Cluster
from tests.support.frozen_ledger import add_what_comes_later, frozen_messages, thaw
from tests.support.history import check_ledger
from tests.support.in_process import InProcess
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant
from tests.support.refusals import why_refused
from tests.support.since import Since
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until
from workers.next_link import Drop, Proceed, Reschedule

REGISTRY = load_registry()


@pytest.fixture
def process(redis_client: redis.Redis, settings: Settings) -> Iterator[InProcess]:
    with InProcess(redis_client, settings, REGISTRY) as process:
        yield process


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings, user_client)


@pytest.mark.parametrize("later", [False, True], ids=["left by the release before", "and touched by one to come"])
def test_a_ledger_of_another_release_is_taken_up_where_it_was(
    later: bool,
    client: Client,
    cluster: Cluster,
    instances: TenantInstances,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    keys = Keys(settings.namespace)
    thaw(redis_client, keys, instances)
    if later:
        add_what_comes_later(redis_client, keys)
    status = client.status("p")
    assert [task.status for task in status.tasks] == ["RUNNING", "RUNNING", "PENDING", "PAUSED"]
    assert client.explain(task_id="p.0").reasons
    assert client.explain(plan_id="p").reasons
    before = list(client.events("p"))
    others = [event for event in before if isinstance(event, OtherEvent)]
    assert [event.type for event in others] == (["TaskSurprised"] if later else [])
    assert before[-1 - len(others)].type == "TaskPaused"

    cluster.start()
    client.resume(task_id="p.3")
    assert client.wait("p", timeout_seconds=60).status == "COMPLETED"

    events = list(client.events("p"))
    stages = [(event.task_id, event.stage_name) for event in events if event.type == "TaskStageSucceeded"]
    # Nothing was run again that was recorded before.
    assert sorted(stages) == sorted((f"p.{i}", stage) for i in range(4) for stage in ("write", "wait", "end"))
    assert not [event for event in events if event.type in ("TaskRecovered", "TaskStageFailed")]
    check_ledger(redis_client, keys)


def test_messages_of_the_release_before_are_taken() -> None:
    messages = frozen_messages()
    assert len(messages) == 2
    for message in messages:
        assert why_refused(message) is None


def test_what_a_later_message_has_besides_is_ignored() -> None:
    message = frozen_messages()[0]
    arguments, _, embedded = json.loads(base64.b64decode(message["body"]))
    body = [[*arguments, {"later": 1}], {"later": True}, {**embedded, "later": 1}]
    message["body"] = base64.b64encode(json.dumps(body).encode()).decode()
    message["headers"]["later"] = {"known": False}
    assert why_refused(message) is None
    message["headers"]["format"] = formats.MESSAGE + 1
    assert "format" in str(why_refused(message))


def test_what_a_later_release_keeps_in_the_cursor_stays_there(
    process: InProcess, instances: TenantInstances, redis_client: redis.Redis
) -> None:
    check = {"type": "health-check", "interval_seconds": 0.1, "max_attempts": 9}
    process.submit(plan("p", [tenant("t", instances)], [{"name": "wait", "steps": [check]}]))
    (task,) = process.admit("p")
    key = process.ledger.keys.of("task", "p.0")
    assert isinstance(process.run(task), Reschedule)
    cursor = json.loads(str(redis_client.hget(key, "cursor")))
    redis_client.hset(key, "cursor", json.dumps({**cursor, "later": [1]}))
    assert isinstance(process.run(task, turn=1), Reschedule)
    assert json.loads(str(redis_client.hget(key, "cursor"))) == {
        **json.loads(str(redis_client.hget(key, "cursor"))),
        "later": [1],
        "attempt": 2,
    }


# Who is too old


def _done(_: object) -> None:
    pass


def spoilt_cursor(process: InProcess, redis_client: redis.Redis) -> Callable[[], None]:
    key = process.ledger.keys.of("task", "p.0")
    redis_client.hset(key, "cursor", '{"format":2,"step":{"of":"another kind"}}')
    return lambda: _done(redis_client.hdel(key, "cursor"))


def spoilt_checkpoint(process: InProcess, redis_client: redis.Redis) -> Callable[[], None]:
    key = process.ledger.keys.of("checkpoint", "p.0")
    text = str(redis_client.get(key))
    redis_client.set(key, '{"format":9,' + text[1:])
    return lambda: _done(redis_client.set(key, text))


def spoilt_spec(process: InProcess, redis_client: redis.Redis) -> Callable[[], None]:
    key = process.ledger.keys.of("spec", "p")
    text = str(redis_client.get(key))
    redis_client.set(key, json.dumps({"format": 2, "stages": "in another place"}))
    return lambda: _done(redis_client.set(key, text))


@pytest.mark.parametrize(
    ("spoil", "form", "number"),
    [(spoilt_cursor, "cursor", 2), (spoilt_checkpoint, "checkpoint", 9), (spoilt_spec, "spec", 2)],
    ids=["cursor", "checkpoint", "spec"],
)
def test_a_worker_that_is_too_old_hands_back(
    process: InProcess,
    redis_client: redis.Redis,
    settings: Settings,
    spoil: Callable[[InProcess, redis.Redis], Callable[[], None]],
    form: str,
    number: int,
) -> None:
    process.submit(plan("p", [tenant("t")], [noop_stage("one"), noop_stage("two")]))
    (task,) = process.admit("p")
    with InProcess(redis_client, settings, REGISTRY) as other:
        assert isinstance(other.run(task), Proceed)
    mend = spoil(process, redis_client)

    def record() -> dict[str, str]:
        return process.reader.task_records(["p.0"])[0]

    before = record()
    # Nobody runs hot, and nothing has failed or begun.
    for turn in range(9):
        since = Since(process.reader.now_ms)
        told = process.run(task, stage=1, turn=turn)
        assert isinstance(told, Reschedule)
        assert told.task.turn == turn + 1
        assert since.waits(told.due_ms, min(500 * 2**turn, 30_000))
    after = record()
    assert after.get("cursor") == before.get("cursor")
    assert (after["status"], "stageStarted" in after) == ("RUNNING", False)
    kept = json.loads(after["handedBack"])
    assert (kept["why"], kept["what"], kept["times"]) == (form, str(number), 9)
    (remark,) = Explainer(process.ledger, process.reader, settings).task("p.0").remarks[:1]
    assert remark.situation == "handed-back"
    assert f"worker test:1 is too old for its {form} (format {number})" in remark.sentence

    mend()
    with InProcess(redis_client, settings, REGISTRY) as newer:
        assert isinstance(newer.run(task, stage=1, turn=9), Drop)
    assert record()["status"] == "COMPLETED"
    assert "handedBack" not in record()
    assert not redis_client.exists(process.ledger.keys.of("handed_back"))


class Without:
    """The registry of a worker that lacks steps."""

    def __init__(self, *missing: str) -> None:
        self._missing = missing

    def names(self) -> list[str]:
        return [name for name in REGISTRY.names() if name not in self._missing]

    def get(self, name: str) -> Any:
        return REGISTRY.get(name)


def without(*missing: str) -> StepRegistry:
    registry: Any = Without(*missing)
    return registry  # type: ignore[no-any-return]


def test_a_worker_without_the_step_hands_back_and_a_pause_or_cancel_still_acts(
    process: InProcess, redis_client: redis.Redis, settings: Settings, world: LedgerWorld
) -> None:
    stages = [{"name": "one", "steps": [{"type": "wait", "seconds": 0.1}, {"type": "noop"}]}, noop_stage("two")]
    process.submit(plan("p", [tenant("a"), tenant("b"), tenant("c")], stages))
    first, second, third = process.admit("p")
    with InProcess(redis_client, settings, without("wait")) as lacking:
        for task in (first, second, third):
            told = lacking.run(task)
            assert isinstance(told, Reschedule)
        kept = json.loads(world.task("p.0")["handedBack"])
        assert (kept["why"], kept["what"]) == ("step", "wait")
        # A copy of the first turn begins nothing, and a repeat of the call whose answer was lost is no second time.
        assert isinstance(lacking.run(first), Drop)
        assert json.loads(world.task("p.0")["handedBack"])["times"] == 1
        # It stands between two stages: what was asked for comes, although nobody could run it.
        world.ask("pause", "p.1")
        world.ask("cancel", "p.2")
        assert isinstance(lacking.run(second, turn=1), Drop)
        assert isinstance(lacking.run(third, turn=1), Drop)
    assert [world.status(f"p.{i}") for i in range(3)] == ["RUNNING", "PAUSED", "CANCELLED"]
    assert [name for name in world.kinds(0) if name.startswith("TaskStage")] == []
    # One that has it goes on as if nothing had been.
    assert isinstance(process.run(first, turn=1), Reschedule)
    assert "handedBack" not in world.task("p.0")
    check_ledger(redis_client, process.ledger.keys)


def test_a_copy_does_not_hand_back_what_runs_elsewhere(
    process: InProcess, redis_client: redis.Redis, settings: Settings, world: LedgerWorld
) -> None:
    process.submit(plan("p", [tenant("a")], [noop_stage("one")]))
    (task,) = process.admit("p")
    world.begin("p.0")
    with InProcess(redis_client, settings, without("noop")) as lacking:
        assert isinstance(lacking.run(task), Drop)
    assert (world.task("p.0")["lease"], world.task("p.0").get("turn", "0")) == ("running", "0")


def test_scripts_that_are_too_old_for_the_ledger_change_nothing(world: LedgerWorld) -> None:
    world.started("p", ["a", "b"])
    world.begin("p.0")
    world.client.hset(world.keys.of("settings"), "NEEDS", formats.LEDGER + 1)
    before = world.dump()
    for verb in script_names():
        if verb in UNGATED:
            continue
        with pytest.raises(TooOld, match=f"the ledger has format {formats.LEDGER + 1}, and it knows {formats.LEDGER}"):
            world.ledger.call(verb, "p.0", "p", "", "r", "asked", 1, 1, 1, 1, 1)
    assert world.dump() == before
    world.client.hset(world.keys.of("settings"), "NEEDS", formats.LEDGER)
    world.succeed("p.0")


def test_processes_that_are_too_old_for_the_ledger_stand_still_and_are_named(
    client: Client, cluster: Cluster, redis_client: redis.Redis, place: Place
) -> None:
    keys = Keys(place.namespace)
    cluster.start()
    client.submit(plan("before", [tenant("a")], [noop_stage("one")]))
    assert client.wait("before", timeout_seconds=30).status == "COMPLETED"
    redis_client.hset(keys.of("settings"), "NEEDS", formats.LEDGER + 1)
    with pytest.raises(TooOld):
        client.submit(plan("after", [tenant("b")], [noop_stage("one")]))

    wait_until(lambda: cluster.logs().count('"too-old"') >= 2)
    told = json.loads(changeover("doctor", "--json", environment=place.environment()).stdout)
    wrong = [
        check["name"] for check in told["checks"] if f"the ledger needs format {formats.LEDGER + 1}" in check["finding"]
    ]
    # Both processes, and this very command.
    assert len(wrong) == 3, told
    assert all(process.poll() is None for process in cluster.processes)
    # As an update would: they go on, and nothing is lost.
    redis_client.hdel(keys.of("settings"), "NEEDS")
    client.submit(plan("after", [tenant("b")], [noop_stage("one")]))
    assert client.wait("after", timeout_seconds=60).status == "COMPLETED"
