"""Freezes at the level of the scripts (I15): whom they stop, who passes, and how those who wait go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.events import OperationRequested
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.waiting import wait_until


def test_a_frozen_tenant_is_passed_over_and_comes_back_to_its_place(world: LedgerWorld) -> None:
    freeze_id = world.freeze("eu-*")
    world.plan("p", ["eu-1", "us-1", "eu-2", "us-2", "us-3"], max_concurrency=2)
    assert world.serve("p") == ["p.1", "p.3"]
    assert world.frozen(freeze_id) == ["p.0", "p.2"]
    assert world.queue("p") == ["p.4"]
    # No turn looks at them again, and nothing of the plan's is due.
    world.wakes()
    assert world.serve("p") == []
    assert world.wakes() == []
    assert world.kinds(task_id="p.0").count("TaskWaiting") == 1
    world.check()

    world.unfreeze(freeze_id)
    assert world.queue("p") == ["p.0", "p.2", "p.4"]
    world.finish("p.1")
    assert world.serve("p") == ["p.0"]
    world.check()
    assert world.kinds()[-1] != "FreezeLifted"
    assert [event.plan_id for event in world.events() if event.type.startswith("Freeze")] == ["", ""]


def test_what_runs_ends_its_stages_and_nothing_frozen_is_begun_in_its_place(world: LedgerWorld) -> None:
    world.started("p", ["eu-1", "eu-2", "us-1"], max_concurrency=1)
    world.begin("p.0")
    world.freeze("eu-*")
    for _ in range(2):
        assert world.advance("p.0").stage is not None
    done = world.advance("p.0")
    assert (done.ended, done.task) == ("COMPLETED", None)
    # With one slot nobody is passed over: the frozen head blocks its plan.
    assert world.serve("p") == []
    assert world.slots("p") == set()
    world.check()


def test_the_worker_goes_on_with_the_next_that_is_not_frozen(world: LedgerWorld) -> None:
    world.started("p", ["eu-1", "eu-2", "us-1", "us-2"], max_concurrency=2)
    for task_id in ("p.0", "p.1"):
        world.begin(task_id)
    freeze_id = world.freeze("us-1")
    for _ in range(2):
        world.advance("p.0")
    done = world.advance("p.0")
    assert done.task is not None
    assert done.task[0].task_id == "p.3"
    assert world.frozen(freeze_id) == ["p.2"]
    world.check()


def test_by_label(world: LedgerWorld) -> None:
    world.freeze(label="region=eu")
    traits = {"a": {"labels": {"region": "eu", "ring": "1"}}, "b": {"labels": {"region": "eu-2"}}, "c": {}}
    world.plan("p", ["a", "b", "c"], traits=traits)
    assert world.serve("p") == ["p.1", "p.2"]
    world.check()


def test_rollbacks_pass_unless_it_says_otherwise(world: LedgerWorld) -> None:
    world.started("p", ["a", "b"])
    world.finish("p.0")
    world.finish("p.1")
    world.freeze("a")
    too = world.freeze("b", rollbacks_too=True)
    world.ask("rollback", "p.0")
    world.ask("rollback", "p.1")
    assert world.serve("p") == ["p.0"]
    assert world.frozen(too) == ["p.1"]
    world.check()
    assert world.ask("cancel", "p.1").why == "withdrawn"
    assert world.frozen(too) == []
    world.check()


def test_a_running_task_turns_at_its_boundary_whatever_is_frozen(world: LedgerWorld) -> None:
    world.started("p", ["a"])
    world.begin("p.0")
    world.freeze(rollbacks_too=True)
    world.ask("rollback", "p.0")
    assert world.succeed("p.0") == "ROLLING_BACK"
    assert world.finish("p.0") == "ROLLED_BACK"
    world.check()


def test_a_resumed_and_a_retried_task_go_through_the_same_gate(world: LedgerWorld) -> None:
    world.started("p", ["a", "b"])
    world.begin("p.0")
    world.ask("pause", "p.0")
    world.succeed("p.0")
    world.break_stage("p.1")
    freeze_id = world.freeze()
    world.ask("resume", "p.0")
    world.ask("retry", "p.1")
    assert world.serve("p") == []
    assert world.holder("a") == "p.0"
    world.check()
    world.unfreeze(freeze_id)
    assert world.serve("p") == ["p.0", "p.1"]
    world.check()


def test_it_is_in_force_from_the_first_moment_of_its_window_to_its_last(world: LedgerWorld) -> None:
    freeze_id = world.freeze("a", begins=0.3, seconds=0.4)
    ids = world.plan("p", ["a", "b"], max_concurrency=1)
    record = world.freezes.reads.all()[0].record
    assert record is not None
    ((begin, end),) = record.windows
    wait_until(lambda: world.freezes.reads.told_now_ms() >= begin)
    # Nobody has looked at the freeze since it was set.
    assert world.serve("p") == []
    wait_until(lambda: world.freezes.thaw(10))
    assert world.freezes.reads.told_now_ms() >= end
    assert world.serve("p") == ids[:1]
    world.check()
    world.thaw()
    assert world.freezes.reads.all() == []
    assert not world.client.keys(world.keys.of("frozen", freeze_id))


def test_before_its_window_nothing_is_stopped(world: LedgerWorld) -> None:
    world.freeze(begins=3600)
    assert world.started("p", ["a"]) == ["p.0"]
    assert world.status("p.0") == "RUNNING"
    world.check()


def test_with_one_slot_only_who_holds_its_tenant_and_is_not_frozen_goes_before_a_frozen_head(
    world: LedgerWorld,
) -> None:
    world.started("p", ["a", "b", "c"], max_concurrency=1)
    for task_id in ("p.0", "p.1"):
        world.begin(task_id)
        world.ask("pause", task_id)
        world.succeed(task_id)
        world.serve("p")
    world.freeze("a")
    for task_id in ("p.0", "p.1"):
        world.ask("resume", task_id)
    world.finish("p.2")
    assert world.queue("p") == ["p.0", "p.1"]
    assert world.serve("p") == ["p.1"]
    world.check()


def test_a_plan_may_pass_all_freezes(world: LedgerWorld) -> None:
    world.freeze()
    world.plan("p", ["a", "b"])
    world.plan("q", ["c", "d"])
    assert world.serve("p") + world.serve("q") == []
    said = len(world.events())
    assert world.override("p").answer == "ACCEPTED"
    world.thaw()
    assert world.serve("p") == ["p.0", "p.1"]
    # The others are looked at once more, and nothing is said of it again.
    assert world.serve("q") == []
    assert "TaskWaiting" not in [event.type for event in world.events()[said:]]
    world.check()
    assert (world.override("p").answer, world.override("p").why) == ("NOOP", "passes-freezes")
    assert world.override("nobody").answer == "MISSING"
    for task_id in ("p.0", "p.1"):
        world.finish(task_id)
    world.plan("r", ["e"])
    world.serve("r")
    world.ask("cancel", "r.0")
    assert world.override("r").answer == "REFUSED"
    world.check()


def test_a_retry_may_pass_for_one_attempt(world: LedgerWorld) -> None:
    world.started("p", ["a", "b"])
    world.break_stage("p.0")
    world.break_stage("p.1")
    world.freeze()
    over = replace(ME, override_freeze="it is on fire")
    assert world.ask("retry", "p.0", over).answer == "ACCEPTED"
    world.ask("retry", "p.1")
    assert world.serve("p") == ["p.0"]
    (asked,) = [e for e in world.events() if e.type == "OperationRequested" and e.options.get("overrideFreeze")]
    assert asked.options["overrideFreeze"] == "it is on fire"
    world.break_stage("p.0")
    world.ask("retry", "p.0")
    assert world.serve("p") == []
    world.check()


def test_one_that_was_retried_and_waits_frozen_may_pass(world: LedgerWorld) -> None:
    world.started("p", ["a", "b"], max_concurrency=2)
    world.plan("q", ["c"])
    world.break_stage("p.0")
    world.break_stage("p.1")
    freeze_id = world.freeze()
    world.ask("retry", "p.0")
    world.ask("retry", "p.1")
    assert world.serve("p") + world.serve("q") == []
    over = replace(ME, override_freeze="it is on fire")
    first, before = world.ask_again("retry", "p.0", over), len(world.events())
    assert (first.answer, first.why) == ("ACCEPTED", "passes")
    # The same request again changes nothing and is answered the same (I17), another one has nothing to change.
    assert world.ask_again("retry", "p.0", over) == first
    assert world.ask("retry", "p.0", over).why == "passes-freezes"
    assert len(world.events()) == before
    asked = world.events()[-1]
    assert isinstance(asked, OperationRequested)
    assert (asked.operation, asked.target_id, asked.reason) == ("override-freeze", "p.0", "it is on fire")
    assert world.serve("p") == ["p.0"]
    assert world.frozen(freeze_id) == ["p.1", "q.0"]
    refused = world.ask("retry", "q.0", over)
    assert (refused.answer, refused.why) == ("REFUSED", "not-retried")
    world.check()


def test_a_plans_retry_may_pass(world: LedgerWorld) -> None:
    world.started("p", ["a", "b"])
    world.break_stage("p.0")
    world.break_stage("p.1")
    world.freeze()
    world.ask("retry", "p", replace(ME, override_freeze="it is on fire"))
    assert world.serve("p") == ["p.0", "p.1"]
    world.check()


def test_a_frozen_waiter_keeps_nobody_behind_it_in_its_tenants_line(world: LedgerWorld) -> None:
    world.started("q", ["a"])
    for plan_id in ("first", "second"):
        world.started(plan_id, ["a"])
    assert world.line("a") == ["first.0", "second.0"]
    freeze_id = world.freeze("a")
    world.override("second")
    world.thaw()
    world.finish("q.0")
    assert world.serve("second") == ["second.0"]
    assert world.frozen(freeze_id) == ["first.0"]
    world.check()
    # It comes back with the ticket of its first wait.
    world.started("third", ["a"])
    world.unfreeze(freeze_id)
    world.serve("first")
    world.serve("third")
    assert world.line("a") == ["first.0", "third.0"]
    world.check()


@pytest.mark.parametrize("how", ["cancel", "pause"])
def test_a_frozen_task_can_be_stopped(world: LedgerWorld, how: str) -> None:
    freeze_id = world.freeze()
    world.plan("p", ["a", "b"])
    world.serve("p")
    assert world.ask(how, "p.0").answer == "ACCEPTED"
    assert world.frozen(freeze_id) == ["p.1"]
    assert "frozenBy" not in world.task("p.0")
    world.check()
    assert world.ask("cancel", "p").answer == "ACCEPTED"
    world.serve("p")
    assert world.status("p") == "CANCELLED"
    assert world.frozen(freeze_id) == []
    world.check()
