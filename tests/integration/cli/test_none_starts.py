"""What is said of a retry in a plan whose breaker took tenants back: who starts is not told to wait."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta

import pytest
import redis
from rich.console import Console

from orchestrator import Client
from orchestrator.cli.standing import LOOK_SECONDS, Standing
from orchestrator.cli.tables import fleet_lines
from orchestrator.cli.watch.screen import Screen, Size
from orchestrator.cli.watch.view import View
from orchestrator.console.page.plan_pieces import now_of
from orchestrator.control import held_retry
from orchestrator.control.back_waits import StatusInFull
from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.live_plan import LivePlan
from orchestrator.control.target import OperationTarget, target_of
from orchestrator.domain.roles import Role
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.fleet.start_rules import StartRules
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.alive import served
from tests.support.cli import in_this_process
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.planted_waves import wave_taken_back, way_back_failed
from tests.support.table_steps import leave_to_chunks


def none_starts(world: LedgerWorld, settings: Settings, retried: OperationTarget) -> str:
    explain = Explainer(world.ledger, world.reader, settings).target
    return held_retry.none_starts(retried, StatusInFull(world.reader).summary, explain)


def watched(world: LedgerWorld) -> str:
    live, out = LivePlan(world.reader, "p", nullcontext), io.StringIO()
    live.look()
    Console(file=out, width=200).print(Screen(live).draw(View(), Size(200, 30)).picture)
    return out.getvalue()


SOFT = Tolerance(0, strict=False)


@pytest.fixture
def world(redis_client: redis.Redis, user_client: redis.Redis, settings: Settings) -> Iterator[LedgerWorld]:
    world = LedgerWorld(redis_client, settings, user_client)
    with served(world):
        yield world
    world.check()


def test_whose_wave_is_the_last_starts_though_its_wave_was_taken_back(world: LedgerWorld, settings: Settings) -> None:
    rules = FleetRules(3, SOFT, "rollback_wave", (Wave("a", 1), Wave("b", 2)))
    world.started("p", ["a", "b", "c"], rules=rules, wave_of=[0, 1, 1])
    world.finish("p.0")
    world.coordinate()
    world.finish("p.1")
    world.break_stage("p.2")
    world.coordinate()
    world.finish("p.1")
    world.finish("p.2")
    world.ask("retry", "p.2", Order("ada", "mended", from_scratch=True))
    with Client(settings) as client:
        plan = client.summary("p")
        assert (plan.status, plan.current_wave, plan.waves[1].sent_back) == ("RUNNING", "b", 1)
        told = [
            none_starts(world, settings, target)
            for target in (OperationTarget("plan", "p"), OperationTarget("task", "p.2"))
        ]
        assert told == ["", ""]
        assert "wave-taken-back" not in [one.situation for one in client.explain(plan_id="p").remarks]


def test_what_is_kept_behind_is_told_apart_from_what_starts(world: LedgerWorld, settings: Settings) -> None:
    wave_taken_back(world)
    target = OperationTarget("plan", "p")
    with Client(settings) as client:
        none = none_starts(world, settings, target)
        assert none.startswith("none starts yet: wave canary: 1 of 1 ended, 0 failed, 1 taken back")
        assert " ".join(fleet_lines(client.summary("p"))).count("waits for an answer") == 1
        line = next(one for one in fleet_lines(client.summary("p")) if one.startswith("wave canary  "))
        assert line == "wave canary  passed  1 of 1 ended, 0 failed, 1 taken back by its breaker, tolerance 0"
        of_task = none_starts(world, settings, OperationTarget("task", "p.1"))
        assert of_task.startswith("none starts yet: it waits for an answer: ")
        # One that is not behind: what is said is about the rest.
        world.ask("retry", "p.0", Order("ada", "again", from_scratch=True))
        assert none_starts(world, settings, OperationTarget("task", "p.0")) == ""


def test_who_retries_and_waits_is_told_once_that_the_breaker_holds(
    world: LedgerWorld, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    way_back_failed(world)
    target, now = OperationTarget("plan", "p"), [0.0]
    world.ask("retry", "p", Order("ada", "mended", from_scratch=True))
    said = "breaker tripped: 1 failed, tolerance 0"
    answers = "changeover resume --plan p --accept-failures, or changeover rollback --plan p"
    world.coordinate()
    assert [world.status(one) for one in ("p.0", "p.1", "p.2")] == ["PENDING", "PENDING", "ROLLBACK_FAILED"]
    with Client(settings) as client:
        assert none_starts(world, settings, target) == f"none starts yet: {said}; to answer: {answers}"
        plan = client.summary("p")
        assert plan.waits_because == f"{said}; changeover explain --plan p"
        assert (plan.breaker and plan.breaker.tripped, plan.status) == ("rollback_plan", "RUNNING")
        # Once, wherever it is told.
        assert [" ".join(fleet_lines(plan)).count(said), watched(world).count(said)] == [1, 1]
        assert now_of(plan, Role.VIEWER).sentence == said.capitalize()
        standing = [Standing(client, one, lambda: now[0]) for one in (target, OperationTarget("task", "p.1"))]
        for _ in range(2):
            for one in standing:
                one.tell()
            now[0] += LOOK_SECONDS
    told = capsys.readouterr().err.splitlines()
    assert told == [f"plan p: {said}; changeover explain --plan p"] * 2


def test_what_could_not_go_back_is_brought_back_first_then_all_are_moved_again(world: LedgerWorld) -> None:
    way_back_failed(world)
    world.ask("rollback", "p")
    world.coordinate()
    world.finish("p.2")
    world.ask("retry", "p", Order("ada", "mended", from_scratch=True))
    world.coordinate()
    assert {world.status(one) for one in ("p.0", "p.1", "p.2")} == {"RUNNING"}


def test_who_waits_is_told_of_a_pause_a_gate_and_a_freeze(
    world: LedgerWorld, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    world.plan("p", ["a"])
    world.ask("pause", "p", Order("ada", "lunch"))
    gated = FleetRules(2, None, "pause", (Wave("canary", 1, gate="manual"), Wave("rest", 1)))
    world.started("g", ["b", "c"], rules=gated, wave_of=[0, 1])
    world.finish("g.0")
    world.coordinate()
    world.freeze("eu-*")
    world.started("f", ["eu-1"])
    with Client(settings) as client:
        for ids in ({"plan_id": "p"}, {"task_id": "p.0"}, {"plan_id": "g"}, {"plan_id": "f"}, {"task_id": "f.0"}):
            Standing(client, target_of(**ids)).tell()
    paused, alone, gate, *frozen = capsys.readouterr().err.splitlines()
    assert paused == "plan p: it is paused by ada (lunch); changeover explain --plan p"
    assert alone.startswith(("task p.0: it is paused", paused))
    assert gate.startswith("plan g: waits for approval of wave canary: changeover approve --plan g --wave canary")
    assert frozen[0].startswith("plan f: 1 waits, such as eu-1: frozen until ")
    assert frozen[1].startswith("task f.0: frozen until ")


def test_who_waits_is_told_why_a_plan_that_ends_cannot_and_of_a_time(
    world: LedgerWorld, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    gated = FleetRules(2, None, "pause", (Wave("canary", 1, gate="manual"), Wave("rest", 1)))
    world.started("g", ["eu-1", "eu-2"], rules=gated, wave_of=[0, 1])
    world.finish("g.0")
    world.coordinate()
    world.freeze("eu-*", rollbacks_too=True)
    world.ask("rollback", "g.0")
    world.ask("cancel", "g")
    world.coordinate()
    early = FleetRules(1, pace=StartRules(not_before=world.reader.now() + timedelta(hours=1)))
    world.started("e", ["a"], rules=early)
    with Client(settings) as client:
        assert client.summary("g").cancelling
        Standing(client, target_of(plan_id="g")).tell()
        Standing(client, target_of(plan_id="e")).tell()
    ends, starts = capsys.readouterr().err.splitlines()
    assert ends.startswith("plan g: 1 waits to go back, such as eu-1: frozen until ")
    assert starts.startswith("plan e: starts at ")
    assert starts.endswith("; changeover explain --plan e")


def test_a_retry_that_waits_says_why_it_stands_still(
    world: LedgerWorld, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    way_back_failed(world)
    tell = Standing.tell

    def tell_then_give_up(standing: Standing) -> None:
        tell(standing)
        world.ask("cancel", "p")
        world.coordinate()

    monkeypatch.setattr(Standing, "tell", tell_then_give_up)
    command = ("retry", "--plan", "p", "--from-scratch")
    code, told = in_this_process(*command, "--wait", environment=place.environment())
    assert (code, told.count("plan p: breaker tripped: 1 failed, tolerance 0; changeover explain --plan p")) == (1, 1)
    assert "none starts yet" not in told, "told after the wait of what has ended"


def test_each_retry_that_is_held_says_so_in_its_answer(world: LedgerWorld, settings: Settings, place: Place) -> None:
    way_back_failed(world)
    held = "; none starts yet: breaker tripped: 1 failed, tolerance 0; to answer: changeover resume --plan p"
    with Client(settings) as client:
        one = client.retry(task_id="p.0", from_checkpoint=False)
        of_tenant = client.retry(tenant_id="a", from_checkpoint=False)
    assert [held in answer.message for answer in (one, of_tenant)] == [True, True], (one, of_tenant)
    assert "retry --plan" not in one.message, "no answer to what could not go back, though it would be taken"
    arguments = ("retry", "--plan", "p", "--tenant", "b", "--from-scratch", "--json")
    code, told = in_this_process(*arguments, environment=place.environment())
    assert (code, held in json.loads(told)["message"]) == (0, True), told


def test_an_accepted_way_back_that_failed_outlasts_no_retry(world: LedgerWorld, settings: Settings) -> None:
    """Neither the wave's breaker nor the plan's."""
    rules = FleetRules(3, SOFT, "pause", (Wave("all", 3, tolerance=SOFT),))
    world.started("p", ["a", "b", "c"], rules=rules, wave_of=[0, 0, 0], max_concurrency=3, stages=["one"])
    world.finish("p.0")
    world.ask("rollback", "p.0")
    world.coordinate()
    world.begin("p.1")
    world.break_stage("p.0")
    with Client(settings) as client:
        client.accept(task_id="p.0", reason="mended by hand")
        world.fail("p.1")
        leave_to_chunks(world)
        assert none_starts(world, settings, OperationTarget("plan", "p")) == ""
        explained = client.explain(plan_id="p").remarks
        mended = [one.sentence for one in explained if one.situation == Situation.BREAKER_TRIPPED]
        told = "1 failed, tolerance 0; a retry of the plan is under way, and may mend that"
        assert mended == [f"breaker tripped{where}: {told}" for where in (" in wave all", "")]
        resumes = [one.commands for one in explained if "it is pausing" in one.sentence]
        assert resumes == [["changeover resume --plan p"]]


def test_a_plan_that_its_strict_breaker_slows_says_so_wherever_it_is_looked_at(
    world: LedgerWorld, settings: Settings
) -> None:
    """Until it is answered, or no more wait than may move."""
    rules = FleetRules(6, Tolerance(1, strict=True), "pause")
    world.started("p", ["a", "b", "c", "d", "e", "f"], rules=rules, max_concurrency=4, stages=["one"])
    with Client(settings) as client:
        assert client.summary("p").waits_because is None, "nobody has failed"
        world.break_stage("p.0")
        world.coordinate()
        plan = client.summary("p")
        assert (plan.status, plan.counts.get("RUNNING")) == ("RUNNING", 1)
        said = "strict breaker: 1 failed of 1 borne, so 1 tenant moves at a time, until some are retried or accepted"
        assert plan.waits_because == f"{said}; changeover explain --plan p"
        assert [" ".join(fleet_lines(plan)).count(said), watched(world).count(said)] == [1, 1]
        assert now_of(plan, Role.VIEWER).sentence == plan.waits_because.capitalize()
        client.accept(plan_id="p", reason="known")
        assert client.summary("p").waits_because is None
