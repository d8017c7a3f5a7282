"""The record of an ended plan is lost: nothing of it stays for ever, and nobody meets what its tasks had done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.control.explain import Explainer
from orchestrator.control.status import StatusReader
from orchestrator.control.target import identify
from orchestrator.coordinator.retention import Retention
from orchestrator.domain.errors import NotFound
from orchestrator.ledger.operations import Taken, draw_request_id
from orchestrator.ledger.outcomes import Opened
from orchestrator.ledger.purges import Purges
from orchestrator.plans.submit import write_plan
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from tests.support.hands import as_text
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.plans import noop_stage, plan, tenant

Loss = Callable[[LedgerWorld, str], object]


LOSSES: dict[str, Loss] = {
    "deleted": lambda world, key: world.client.delete(key),
    "no hash": as_text,
    "without a status": lambda world, key: world.client.hdel(key, "status"),
}


@pytest.fixture(params=list(LOSSES.values()), ids=list(LOSSES))
def world(request: pytest.FixtureRequest, redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    """With an ended plan of three tenants whose record is lost, and a sound one beside it."""
    world = LedgerWorld(redis_client, settings)
    for name in ("lost", "sound"):
        for task_id in world.started(name, [f"{name}-{n}" for n in range(3)]):
            world.finish(task_id)
    request.param(world, world.keys.of("plan", "lost"))
    return world


def left(world: LedgerWorld) -> list[str]:
    """Keys that are of the lost plan alone, and lists that name it."""
    keys = cast(list[str], world.client.keys(f"{world.keys.root}*:lost*"))
    found = [key.removeprefix(world.keys.root) for key in keys]
    found += [kind for kind in ("plans", "ended", "purges") if world.client.zscore(world.keys.of(kind), "lost")]
    return sorted(set(found) - {"plan-seq:lost"} - {name for name in found if name.startswith("tenant:")})


def test_retention_takes_out_what_is_left(world: LedgerWorld) -> None:
    retention = Retention(Purges(world.ledger), world.reader, 0.0, None)
    with capture_logs() as logs:
        while retention.step():
            pass
    assert left(world) == []
    assert [line["planId"] for line in logs if line["action"] == "plan-lost"] == ["lost"]
    assert not world.client.exists(world.keys.of("plan", "sound"))


@pytest.mark.parametrize("has_log", [True, False], ids=["log", "no log"])
def test_a_person_takes_out_what_is_left(world: LedgerWorld, has_log: bool) -> None:
    if not has_log:
        world.client.delete(world.keys.of("log", "lost"))
    purges, order = Purges(world.ledger), replace(ME, force=True, request_id=draw_request_id())
    assert purges.purge("lost", replace(ME, request_id=draw_request_id())).why == "damaged"
    for _ in range(2):
        reply = purges.purge("lost", order)
        assert reply.answer is Taken.ACCEPTED
        for _ in purges.chunks():
            pass
        purges.lose("lost", 1, is_purged=True)
        assert left(world) == []
    # Nobody is asked to submit what was purged.
    assert world.reader.lost_plans() == []
    assert purges.purge("lost", replace(order, request_id=draw_request_id())).answer is Taken.MISSING
    assert not purges.lose("sound")
    assert world.status("sound") == "COMPLETED"


def test_one_that_was_cut_off_is_gone_on_with(world: LedgerWorld) -> None:
    assert world.ledger.lose_plan("lost", 0, 1)[0] == 1
    assert world.ledger.lose_plan("lost", 0, 1)[0] == 2
    assert Purges(world.ledger).lose("lost", 1)
    assert left(world) == []


def test_whoever_asks_is_told_that_it_was_lost(world: LedgerWorld) -> None:
    Purges(world.ledger).lose("lost")
    explainer = Explainer(world.ledger, world.reader, world.settings)
    said = r"plan lost: its record was gone; taken out at 20.*, its tenants are free: submit it again"
    asks: list[Callable[[str], object]] = [explainer.plan, StatusReader(world.reader).plan]
    asks.append(lambda plan_id: identify(world.reader, plan_id))
    for ask in asks:
        with pytest.raises(NotFound, match=f"^no .* {said}$"):
            ask("lost")
    with pytest.raises(NotFound, match=f"^no task 'lost.0' .* {said}$"):
        explainer.task("lost.0")
    tenant = explainer.tenant("lost-0")
    assert (tenant.status, tenant.remarks[0].commands) == ("LOST", ["changeover doctor"])
    assert re.match(f"no plan names it: {said}; task lost.0 of plan lost changed it last", tenant.remarks[0].sentence)
    as_text(world, world.keys.of("lost"))
    with pytest.raises(NotFound, match=r"'lost' in namespace '\S+'; `changeover status` lists the plans$"):
        explainer.plan("lost")


def test_the_same_id_again_begins_anew(world: LedgerWorld) -> None:
    assert world.open("lost", 3)[0] is Opened.REMAINS
    submitted = validate_plan(
        plan("lost", [tenant(f"lost-{n}") for n in range(3)], [noop_stage("one"), noop_stage("two")]),
        settings=world.settings,
    ).require()
    since = world.now()
    write_plan(world.ledger, submitted)
    assert world.serve("lost") == ["lost.0", "lost.1", "lost.2"]
    assert {task.stage for task in world.published[-3:]} == {0}
    assert "TaskResumed" not in world.kinds(since)
    for n in range(3):
        assert world.finish(f"lost.{n}") == "COMPLETED"
    # Nor is it told as lost once that one is purged.
    purges = Purges(world.ledger)
    assert purges.purge("lost", replace(ME, request_id=draw_request_id())).answer is Taken.ACCEPTED
    for _ in purges.chunks():
        pass
    assert world.reader.lost_plans() == []


def test_a_lost_name_of_a_stage_makes_no_event_that_nobody_can_read(
    redis_client: redis.Redis, settings: Settings
) -> None:
    world = LedgerWorld(redis_client, settings)
    world.started("p", ["a"])
    world.client.hdel(world.keys.of("plan", "p"), "stage:0", "stage:2")
    assert world.finish("p.0") == "COMPLETED"
    names = [event.stage_name for event in world.events() if event.type == "TaskStageSucceeded"]
    assert names == ["(stage 1)", "two", "(stage 3)"]


def test_a_purged_plans_id_with_other_stages_is_judged_by_its_own(
    redis_client: redis.Redis, settings: Settings
) -> None:
    world = LedgerWorld(redis_client, settings)
    for stages in (("one",), ("one", "two"), ("three",)):
        world.started("p", ["a"], stages=stages)
        world.finish("p.0")
        world.check()
        if stages != ("three",):
            Purges(world.ledger).purge("p", replace(ME, request_id=draw_request_id()))
            for _ in Purges(world.ledger).chunks():
                pass
    world.check()
