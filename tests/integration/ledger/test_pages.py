"""Pages of a plan's tasks: the right rows, found without reading the plan."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest

from orchestrator.control.explain import Explainer, Situation
from orchestrator.control.status import StatusReader
from orchestrator.control.task_rows import BY_INTEREST, TaskFilter, TaskRows
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import TaskState
from orchestrator.ledger import task_search as reader
from tests.support.ledger_world import LedgerWorld

FAILED, RUNNING, PENDING = TaskState.FAILED, TaskState.RUNNING, TaskState.PENDING
FILTERS = [None, [FAILED], [RUNNING, TaskState.ROLLING_BACK], [PENDING], [FAILED, TaskState.COMPLETED, PENDING], []]


def wanted(statuses: Collection[TaskState] | None, tenants: str | None = None, cause: str | None = None) -> TaskFilter:
    return TaskFilter(frozenset(TaskState if statuses is None else statuses), tenants, cause)


@pytest.fixture
def status(world: LedgerWorld, monkeypatch: pytest.MonkeyPatch) -> StatusReader:
    """A plan of 20: completed, failed, cancelled, paused, running, rolling back and waiting ones among each other."""
    monkeypatch.setattr(reader, "LOOKED_AT", 3)
    world.started("p", [f"t{n}" for n in range(20)], max_concurrency=9)
    for n in (0, 2, 3):
        world.finish(f"p.{n}")
    for n in (1, 8):
        world.break_stage(f"p.{n}")
    world.serve("p")
    world.begin("p.5")
    world.ask("rollback", "p.5")
    world.succeed("p.5")
    world.begin("p.6")
    world.ask("pause", "p.6")
    world.succeed("p.6")
    world.ask("cancel", "p.17")
    return StatusReader(world.reader)


def test_a_page_is_the_same_part_of_the_whole(status: StatusReader) -> None:
    whole = status.plan("p")
    assert [task.task_id for task in whole.tasks] == [f"p.{n}" for n in range(20)]
    assert len(whole.counts) == 7, whole.counts
    rank = {state: number for number, group in enumerate(BY_INTEREST) for state in group}
    for statuses, by_interest in itertools.product(FILTERS, (False, True)):
        rows = [task for task in whole.tasks if statuses is None or task.status in statuses]
        if by_interest:
            rows.sort(key=lambda task: rank[TaskState(task.status)])
        for offset, limit in itertools.product((0, 1, 7, 19, 30), (0, 1, 4, 50, None)):
            page = status.plan("p", wanted(statuses), offset=offset, limit=limit, by_interest=by_interest)
            assert page.tasks == rows[offset:][:limit], (statuses, offset, limit, by_interest)
            assert (page.counts, page.matching) == (whole.counts, len(rows))
        assert [task.task_id for task in status.tasks("p", wanted(statuses))] == [
            task.task_id for task in whole.tasks if statuses is None or task.status in statuses
        ]


@pytest.mark.parametrize(
    ("tenants", "positions"),
    [
        ("t1", [1]),
        ("t1*", [1, *range(10, 20)]),
        ("*7", [7, 17]),
        ("t*1*", [1, *range(10, 20)]),
        ("*", range(20)),
        ("t1*1", [11]),
        ("t", []),
        ("x*", []),
        ("t1?", []),
    ],
)
def test_only_tenants_like_a_pattern(status: StatusReader, tenants: str, positions: Collection[int]) -> None:
    for limit, offset in ((None, 0), (3, 0), (3, 2)):
        page = status.plan("p", wanted(None, tenants), limit=limit, offset=offset)
        expected = [f"p.{n}" for n in positions]
        assert page.matching == len(expected)
        assert [task.task_id for task in page.tasks] == expected[offset:][:limit]
    ranked = [task.task_id for task in status.plan("p", wanted(None, tenants), by_interest=True).tasks]
    whole = [task.task_id for task in status.plan("p", by_interest=True).tasks]
    assert ranked == [task_id for task_id in whole if int(task_id[2:]) in positions]


@pytest.mark.parametrize(
    ("cause", "found"), [("Broken", ["p.1", "p.8"]), ("broken", ["p.1", "p.8"]), ("br*", ["p.1", "p.8"]), ("Brok", [])]
)
def test_only_failures_of_a_cause(status: StatusReader, cause: str, found: list[str]) -> None:
    assert [task.task_id for task in status.plan("p", wanted(None, cause=cause)).tasks] == found
    assert [task.task_id for task in status.tasks("p", wanted([FAILED], "t8", cause))] == [
        i for i in found if i == "p.8"
    ]


def test_a_task_that_has_moved_on_meanwhile_is_not_shown_as_what_was_asked_for(
    status: StatusReader, world: LedgerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = TaskRows.page

    def page(rows: TaskRows, *arguments: Any, **options: Any) -> tuple[Sequence[int], int]:
        found = find(rows, *arguments, **options)
        world.ask("retry", "p.1")
        return found

    monkeypatch.setattr(TaskRows, "page", page)
    assert [task.task_id for task in status.plan("p", wanted([FAILED])).tasks] == ["p.8"]


def test_a_damaged_failure_hides_no_other(status: StatusReader, world: LedgerWorld) -> None:
    whole = world.task("p.1")["failure"]
    world.client.hset(world.keys.of("task", "p.1"), "failure", "}{")
    assert [task.task_id for task in status.plan("p", wanted(None, cause="Broken")).tasks] == ["p.8"]
    world.client.hset(world.keys.of("task", "p.1"), "failure", whole)


def test_counters_that_disagree_with_the_tasks_shorten_a_page_and_no_more(
    status: StatusReader, world: LedgerWorld
) -> None:
    counter = (world.keys.of("plan", "p"), "n:FAILED")
    world.client.hset(*counter, 5)
    assert [task.task_id for task in status.plan("p", wanted([FAILED]), limit=4).tasks] == ["p.1", "p.8"]
    world.client.hset(*counter, 2)


def calls(world: LedgerWorld) -> dict[str, int]:
    stats = world.client.info("commandstats")
    return {name.removeprefix("cmdstat_"): int(entry["calls"]) for name, entry in stats.items()}


def test_what_a_look_reads_does_not_grow_with_the_plan(world: LedgerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LOOKED_AT", 400)
    total = 4 * reader.LOOKED_AT
    world.open("big", total, max_concurrency=2)
    for index in range(0, total, 400):
        world.ledger.write_chunk("big", "d", index // 400, [(f"t{index + n}", "{}") for n in range(400)])
    world.ledger.commit_plan("big", "d")
    world.serve("big")
    world.break_stage("big.1")
    status = StatusReader(world.reader)
    explainer = Explainer(world.ledger, world.reader, world.settings)
    looks: dict[str, Callable[[], object]] = {
        "by interest": lambda: status.plan("big", limit=50, by_interest=True),
        "in plan order": lambda: status.plan("big", limit=50, offset=total - 50),
        "failed": lambda: status.plan("big", wanted([FAILED]), limit=50),
        "explain": lambda: explainer.plan("big"),
    }
    for name, look in looks.items():
        before = calls(world)
        look()
        after = calls(world)
        # Explain has a script look at each record once, for what a hand has damaged.
        looked_at = total if name == "explain" else 0
        assert after.get("hgetall", 0) - before.get("hgetall", 0) < looked_at + 70, name
        assert after["evalsha"] - before.get("evalsha", 0) <= (15 if name == "explain" else 5), name


def test_explain_counts_what_moves_waits_and_failed(world: LedgerWorld) -> None:
    world.started("holder", [f"t{n}" for n in range(12)], max_concurrency=12)
    world.started("p", [f"t{n}" for n in range(15)], max_concurrency=2)
    world.break_stage("p.12")
    found = Explainer(world.ledger, world.reader, world.settings).plan("p").remarks
    told = {remark.situation: remark.sentence for remark in found}
    assert told[Situation.FAILURES] == "1 failed: Broken: it broke; such as t12 (p.12)"
    assert told[Situation.TENANT_HELD].startswith("12 wait for tenants that tasks of plan holder hold, RUNNING")
    assert told[Situation.STAGE_RUNS] == "1 wait for a worker"


def test_causes_are_told_apart_up_to_a_bound(world: LedgerWorld) -> None:
    world.started("p", [f"t{n}" for n in range(14)], max_concurrency=14)
    for number in range(14):
        world.begin(f"p.{number}")
        kind = f"Kind{number // 2 if number < 4 else number}"
        world.ledger.fail(world.turn(f"p.{number}"), FailureInfo(type=kind, message="m"))
    found = Explainer(world.ledger, world.reader, world.settings).plan("p").remarks
    told = [remark for remark in found if remark.situation == Situation.FAILURES]
    assert [remark.sentence[:15] for remark in told[:2]] == ["2 failed: Kind0", "2 failed: Kind1"]
    assert told[-1].sentence == "and 2 more causes of failure, of 2 tasks"
    assert told[-1].commands == ["changeover status p --failed"]
    assert len(told) == 11
