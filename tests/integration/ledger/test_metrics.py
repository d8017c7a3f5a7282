"""Metrics are the ledger's own counters: what a scrape says equals what happened, on a real ledger in this process."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.control.doctor.processes import process_rows
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.fleet.start_rules import StartRules
from orchestrator.ledger.purges import Purges
from orchestrator.ledger.sample import Sample, read_sample
from orchestrator.observability.ledger_metrics import families
from orchestrator.observability.metrics import LedgerCollector
from orchestrator.observability.task_waits import waits_of
from orchestrator.settings.model import Settings
from tests.support.ledger_world import ME, LedgerWorld
from tests.support.planted import beat
from tests.support.planted_waves import wave_taken_back

Scraped = dict[str, float]


def scrape(world: LedgerWorld, *, by_plan: bool = False) -> Scraped:
    """The text that Prometheus would read, by name and labels."""
    registry = CollectorRegistry()
    registry.register(LedgerCollector(lambda: read_sample(world.ledger.client, world.keys), dict, by_plan=by_plan))
    found = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def mixed_run(world: LedgerWorld) -> None:
    """One completes, one fails, one polls and is rolled back after its move, one is recovered, one waits."""
    a, b, c, d, *_ = world.started("p", ["a", "b", "c", "d", "e"], stages=["one"], max_concurrency=4)
    world.finish(a)
    world.break_stage(b)
    world.begin(c)
    world.poll(c)
    world.begin(c)
    world.succeed(c)
    world.ask("rollback", c)
    world.serve("p")
    world.finish(c)
    world.begin(d)
    world.expire("leases_running", d)
    world.sweeper.sweep()
    world.finish(d)


def test_a_scrape_equals_the_log(world: LedgerWorld) -> None:
    mixed_run(world)

    found = scrape(world)

    kinds = Counter(world.kinds())
    assert found["changeover_task_completed_total"] == kinds["TaskCompleted"] == 3
    assert found["changeover_task_failed_total"] == kinds["TaskFailed"] == 1
    assert found["changeover_rollback_count_total"] == kinds["TaskRollingBack"] == 1
    assert found["changeover_rollback_ended_total{result=rolled_back}"] == 1
    assert found["changeover_recoveries_total"] == kinds["TaskRecovered"] == 1
    assert {name: found[f"changeover_events_total{{type={name}}}"] for name in kinds} == kinds
    assert found["changeover_polls_total{verdict=again}"] == 1
    assert found["changeover_polls_total{verdict=done}"] == 1
    assert found["changeover_stage_duration_seconds_count{result=succeeded}"] == kinds["TaskStageSucceeded"]
    assert found["changeover_stage_duration_seconds_count{result=failed}"] == 1
    assert found["changeover_task_duration_seconds_count{result=completed}"] == 3
    assert found["changeover_task_duration_seconds_bucket{le=+Inf,result=rolled_back}"] == 1
    assert found["changeover_feed_length"] == world.now()
    assert found["changeover_log_length"] == world.now()


def test_what_is_now(world: LedgerWorld) -> None:
    one, *_ = world.started("p", ["a", "b", "c"], max_concurrency=2)
    world.started("q", ["a", "d"], max_concurrency=3)
    world.begin(one)

    found = scrape(world, by_plan=True)

    assert found["changeover_task_active"] == 3
    assert (found["changeover_slots_used"], found["changeover_slots_free"]) == (3, 2)
    assert found["changeover_turns_queued"] == 2
    assert found["changeover_turns_handed_back"] == 0
    world.ledger.hand_back(world.turn("p.1"), "w:2/d", "step", "drain", had_begun=False)
    assert scrape(world)["changeover_turns_handed_back"] == 1
    assert found["changeover_task_waiting{reason=slot}"] == 1
    assert found["changeover_task_waiting{reason=tenant}"] == 1
    assert found["changeover_plans_active{status=RUNNING}"] == 2
    assert found["changeover_plan_tasks{plan=p,status=RUNNING}"] == 2
    assert found["changeover_dispatch_lag_seconds_count"] == 1
    assert found["changeover_ledger_memory_bytes"] > 0


def test_worker_slots_are_those_that_doctor_tells_of(world: LedgerWorld, settings: Settings) -> None:
    # More turns run, in a round of polls, than there are slots: it takes none of them.
    for task_id in world.started("p", ["a", "b", "c"]):
        world.begin(task_id)
    for name, busy in (("w:1", 1), ("w:2", 0)):
        beat(world, "worker", name, slots=2, busy=busy)

    found, workers = scrape(world), [one for one in world.reader.processes() if one.role == "worker"]

    assert found["changeover_task_active"] == 3
    assert (found["changeover_worker_slots_busy"], found["changeover_worker_slots_free"]) == (1, 3)
    rows = [row.finding for row in process_rows(world.reader, workers, settings) if row.name == "worker slots"]
    assert rows == ["1 of 4 busy"]


def test_no_plan_and_no_tenant_in_a_label_unless_asked_for(world: LedgerWorld) -> None:
    mixed_run(world)

    assert not [name for name in scrape(world) if "plan=" in name or "tenant=" in name]


def test_waits_by_what_would_end_them(world: LedgerWorld) -> None:
    world.started("slots", ["a", "b"], max_concurrency=1)
    world.plan("new", ["c", "d"])
    paused, *_ = world.started("paused", ["e", "f"], max_concurrency=1)
    world.ask("pause", "paused")
    world.begin(paused)

    found = sample(world)
    waits = {
        plan.plan_id: +Counter(waits_of(plan, shown_ms=found.shown_ms, ledger_ms=found.now_ms)) for plan in found.plans
    }

    assert waits == {
        "slots": {"slot": 1},
        "new": {"coordinator": 2},
        "paused": {"resume": 1, "plan_paused": 1},
    }


def test_what_waits_for_people_or_times_waits_for_no_coordinator(world: LedgerWorld) -> None:
    world.freeze("eu-*")
    world.limit_groups({"db-7": 1})
    waits_behind_a_canary(world, "w")
    world.finish(waits_behind_a_canary(world, "s", soak_seconds=600.0))
    world.finish(waits_behind_a_canary(world, "g", gate="manual"))
    world.started("frozen", ["eu-1", "eu-2"])
    # All stand in the queue behind the first, which is frozen there.
    world.started("in-order", ["eu-3", "us-1"], max_concurrency=1)
    world.started("full", ["x", "y", "z"], traits={name: {"groups": ["db-7"]} for name in "xyz"})
    later = StartRules(not_before=world.reader.now() + timedelta(hours=1))
    world.started("later", ["l"], rules=FleetRules(1, pace=later))
    world.started("slow", ["m", "n"], rules=FleetRules(2, pace=StartRules(starts_per_minute=1)))
    world.started("careful", ["k", "o", "q"], rules=FleetRules(3, Tolerance(0, strict=True)))
    world.coordinate()

    found = {name[31:-1]: int(count) for name, count in scrape(world).items() if "task_waiting{" in name and count}

    waits = {"wave": 2, "soak": 2, "gate": 2, "freeze": 4, "group": 2, "time": 1, "rate": 1, "slot": 2}
    assert found == waits


def test_an_answer_that_a_running_plan_waits_for_is_told(world: LedgerWorld) -> None:
    wave_taken_back(world)
    assert scrape(world)["changeover_task_waiting{reason=breaker}"] == 1
    assert scrape(world)["changeover_task_waiting{reason=coordinator}"] == 0


def waits_behind_a_canary(world: LedgerWorld, name: str, **canary: Any) -> str:
    """A plan of a canary, which runs, and two behind it; the canary's task."""
    rules = FleetRules(3, None, "pause", (Wave("canary", 1, **canary), Wave("rest", 2)))
    return world.started(name, [f"{name}{i}" for i in range(3)], rules=rules, wave_of=[0, 1, 1])[0]


def test_those_that_leave_a_line_are_not_counted_in_it(world: LedgerWorld) -> None:
    first, *_ = world.started("p", ["a"])
    world.started("q", ["a"])
    world.started("r", ["a"])
    assert scrape(world)["changeover_task_waiting{reason=tenant}"] == 2

    world.ask("cancel", "r.0")
    assert scrape(world)["changeover_task_waiting{reason=tenant}"] == 1

    world.finish(first)
    world.coordinate()
    assert scrape(world)["changeover_task_waiting{reason=tenant}"] == 0


def test_a_purge_takes_no_counter_back(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.finish(task)
    before = {name: value for name, value in scrape(world).items() if name.endswith(("_total", "_count", "_sum"))}

    Purges(world.ledger).purge("p", ME)
    list(Purges(world.ledger).chunks())

    after = scrape(world)
    assert all(after[name] >= value for name, value in before.items())
    assert before["changeover_task_completed_total"] == after["changeover_task_completed_total"] == 1


def test_the_oldest_heartbeat_tells_a_worker_that_is_silent(world: LedgerWorld) -> None:
    silent, lively = world.started("p", ["a", "b"], stages=["one"])
    assert scrape(world)["changeover_heartbeat_lag_seconds"] == 0
    world.begin(silent)
    world.begin(lively)
    beats = world.keys.of("beats")

    # As if the worker had been silent for a minute.
    world.client.zincrby(beats, -60_000, silent)
    world.client.hincrby(world.keys.of("task", silent), "beatAt", -60_000)
    assert 60 <= scrape(world)["changeover_heartbeat_lag_seconds"] < 600

    # It is recovered, and the lag goes on until somebody has begun it anew.
    world.expire("leases_running", silent)
    world.sweeper.sweep()
    assert scrape(world)["changeover_heartbeat_lag_seconds"] >= 60
    world.begin(silent)
    assert scrape(world)["changeover_heartbeat_lag_seconds"] < 60

    world.finish_turn(silent)
    world.finish_turn(lively)
    assert world.client.zcard(beats) == 0


def test_between_two_polls_lag_counts_from_the_due_time(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.poll(task, delay_seconds=3600)

    assert scrape(world)["changeover_heartbeat_lag_seconds"] == 0


@pytest.mark.parametrize("ending", ["pause", "cancel", "rollback"])
def test_no_end_leaves_a_heartbeat_behind(ending: str, world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.ask(ending, task)
    world.succeed(task)

    assert world.client.zcard(world.keys.of("beats")) == 0


def test_a_begin_whose_answer_was_lost_counts_once(world: LedgerWorld) -> None:
    (task,) = world.started("p", ["a"])
    world.begin(task)
    world.begin(task)

    assert scrape(world)["changeover_dispatch_lag_seconds_count"] == 1


def test_a_damaged_plan_hides_no_other(world: LedgerWorld) -> None:
    world.started("p", ["a"])
    world.client.sadd(world.keys.of("active"), "broken")
    world.client.set(world.keys.of("plan", "broken"), "no hash")

    assert scrape(world)["changeover_plans_active{status=RUNNING}"] == 1

    world.client.srem(world.keys.of("active"), "broken")
    world.client.delete(world.keys.of("plan", "broken"))


def test_a_scrape_costs_the_same_whatever_the_plans_size(world: LedgerWorld) -> None:
    def calls() -> int:
        stats = world.client.info("commandstats")
        before = sum(int(row["calls"]) for row in stats.values())
        sample(world)
        stats = world.client.info("commandstats")
        return sum(int(row["calls"]) for row in stats.values()) - before

    world.plan("p", [f"t{i}" for i in range(2)])
    # The first one connects.
    sample(world)
    small = calls()
    world.ask("cancel", "p")
    world.coordinate()
    world.plan("q", [f"u{i}" for i in range(500)])
    assert calls() == small


def test_buckets_hold_what_they_say(world: LedgerWorld) -> None:
    # 8 ms is in the bucket up to 8 ms, 9 in the next; what is longer than all is in +Inf alone.
    counters = {"dispatch:3": 1, "dispatch:4": 1, "dispatch:23": 1, "dispatch:sum": 5_000_017}
    found = {
        family.name: {sample.labels.get("le"): sample.value for sample in family.samples}
        for family in families(Sample(counters=counters), by_plan=False)
    }["changeover_dispatch_lag_seconds"]
    assert (found["0.008"], found["0.016"], found["4194.304"], found["+Inf"]) == (1, 2, 2, 3)
    assert json.dumps(found[None]) == "5000.017"


def sample(world: LedgerWorld) -> Sample:
    return read_sample(world.ledger.client, world.keys)
