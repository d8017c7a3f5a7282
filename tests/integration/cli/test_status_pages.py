"""`status PLAN` on the command line: pages, filters, and JSON that is whole, a page, or a mistake that is named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from rich.console import Console

from orchestrator.cli.output import as_json, print_json_list
from orchestrator.cli.tables import task_table
from orchestrator.client import Client
from orchestrator.control.status import StatusReader
from orchestrator.control.task_rows import TaskFilter
from orchestrator.domain.status import TaskState
from orchestrator.ledger.reader import PAGE, Reader
from orchestrator.settings.model import Settings
from tests.support.alive import served
from tests.support.cli import changeover
from tests.support.doors import on_redis
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place

HINT = "only some: --failed, --running, --waiting, --tenant 'eu-*', --cause TYPE"


@pytest.fixture
def plan(redis_client: redis.Redis, settings: Settings) -> Iterator[LedgerWorld]:
    """120 tasks: one failed, one completed, three that run, and the rest waits."""
    world = LedgerWorld(redis_client, settings)
    world.started("p", [f"t{n}" for n in range(120)], max_concurrency=3)
    world.finish("p.0")
    world.break_stage("p.1")
    world.serve("p")
    with served(world):
        yield world


def test_pages_and_filters(plan: LedgerWorld, place: Place, client: Client, tmp_path: Path) -> None:
    def status(*arguments: str) -> str:
        done = changeover("status", "p", *arguments, environment=place.environment(), folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def page(*arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(status(*arguments, "--json"))
        return found

    whole = page()
    assert whole == {**client.status("p").model_dump(by_alias=True, mode="json"), "damaged": []}
    names = list(json.loads(client.status("p", limit=0).model_dump_json(by_alias=True)))
    assert list(whole) == [*names[:-1], "damaged", "tasks"]
    assert page("--limit", "50", "--page", "3") == {**whole, "tasks": whole["tasks"][100:]}
    assert page("--page", "2")["tasks"] == whole["tasks"][50:100]
    assert [task["taskId"] for task in page("--failed")["tasks"]] == ["p.1"]
    assert [task["taskId"] for task in page("--running", "--limit", "2")["tasks"]] == ["p.2", "p.3"]
    assert page("--status", "COMPLETED", "--status", "FAILED")["tasks"] == whole["tasks"][:2]
    assert page("--waiting")["tasks"] == whole["tasks"][5:]

    table = status().splitlines()
    assert table[1] == "1 FAILED · 3 RUNNING · 115 PENDING · 1 COMPLETED"
    assert [line.split()[:2] for line in table[3:7]] == [
        ["t1", "FAILED"],
        *([f"t{n}", "RUNNING"] for n in (2, 3, 4)),
    ]
    assert table[-1] == f"1 to 50 of 120 tasks; more: --page 2; {HINT}"
    last = status("--page", "3").splitlines()
    assert last[-1] == f"101 to 120 of 120 tasks; {HINT}"
    assert last[-2].split()[:2] == ["t0", "COMPLETED"]
    assert status("--page", "9").splitlines()[-1] == "page 9 is past the last, --page 3: there are 120 tasks"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["p", "--status", "FAILD"], "unknown status; did you mean 'FAILED'?"),
        (["--failed"], "a filter is for one plan's tasks; give its PLAN_ID"),
        (["--tenant", "t1", "--limit", "3"], "--limit is for one plan's tasks"),
        (
            ["p", "--limit", "0", "--page", "-1"],
            "error: --limit: expected a whole number from 1 to 1000000000 (got 0)\n"
            "error: --page: expected a whole number from 1 to 1000000000 (got -1)\n",
        ),
    ],
)
def test_mistakes_are_named(arguments: list[str], words: str, place: Place, tmp_path: Path) -> None:
    for output in ([], ["--json"]):
        done = changeover("status", *arguments, *output, environment=place.environment(), folder=tmp_path)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stdout == ""


@on_redis
def test_json_of_a_large_plan_is_written_as_it_is_read(
    redis_client: redis.Redis,
    settings: Settings,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither the records nor the text are ever held whole, so memory does not grow with the plan."""
    LedgerWorld(redis_client, settings).plan("p", [f"t{n}" for n in range(2 * PAGE + 1)])
    read: list[int] = []
    written: list[str] = []
    task_records = Reader.task_records

    def looked(reader: Reader, task_ids: Sequence[str]) -> list[dict[str, str]]:
        read.append(len(task_ids))
        written.append(capsys.readouterr().out)
        return task_records(reader, task_ids)

    monkeypatch.setattr(Reader, "task_records", looked)
    head = {"planId": "p"}
    print_json_list(head, "tasks", (as_json(task) for task in client.tasks("p")))
    written.append(capsys.readouterr().out)
    assert read == [PAGE, PAGE, 1]
    assert [part.count('"taskId"') for part in written] == [0, PAGE, PAGE, 1]
    assert len(json.loads("".join(written))["tasks"]) == 2 * PAGE + 1


def test_a_row_is_in_the_status_that_was_asked_for_when_it_is_read(plan: LedgerWorld) -> None:
    class Slow(Reader):
        """Between the look for rows and the reading of them a task ends."""

        def find_tasks(self, *arguments: Any, **options: Any) -> Iterator[dict[str, list[int]]]:
            found = list(super().find_tasks(*arguments, **options))
            if plan.status("p.2") == "RUNNING":
                plan.finish("p.2")
            yield from found

    wanted = TaskFilter(frozenset({TaskState.RUNNING}))
    slow = StatusReader(Slow(plan.client, plan.keys))
    assert [task.task_id for task in slow.tasks("p", wanted)] == ["p.3", "p.4"]
    assert [task.task_id for task in slow.plan("p", wanted).tasks] == ["p.3", "p.4"]


def test_a_task_that_goes_back_counts_the_stages_of_its_way_back(plan: LedgerWorld) -> None:
    verdicts = json.dumps({"state": {"matrix": {"from": 1, "instances": {"gw-1": "uo"}}}})
    plan.ask("rollback", "p.1")
    plan.client.hset(plan.keys.of("plan", "p"), "max", 4)
    plan.serve("p")
    plan.begin("p.1")
    plan.client.hset(plan.keys.of("task", "p.1"), "cursor", verdicts)
    status = StatusReader(plan.reader).task("p.1")
    assert (status.goes_back, status.completed_stages, status.total_stages) == (True, 0, 1)
    # The check knows where the tenant comes from: on the way back, from the new version.
    assert status.verdicts == {"gw-1": ["unreachable", "new version"]}
    console = Console(width=120, file=StringIO())
    console.print(task_table([status]))
    assert isinstance(console.file, StringIO)
    assert "0/1 back" in console.file.getvalue()
    assert not StatusReader(plan.reader).task("p.0").goes_back
    # Of one task it is told what its tenant is.
    current = StatusReader(plan.reader).task("p.0").current
    assert current is not None
    assert current.deploy_unit_version == "of-p"
