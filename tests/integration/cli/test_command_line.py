"""What people type and see: plain ids, filters, forms of output, and what is said after a wait."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
import yaml

from orchestrator.cli import main
from orchestrator.settings.model import Settings
from tests.support.alive import served
from tests.support.cluster import Cluster
from tests.support.ledger_world import LedgerWorld
from tests.support.place import Place
from tests.support.plans import noop_stage, tenant
from tests.support.terminal import CHANGEOVER, Terminal


@dataclass(frozen=True)
class Said:
    """What a command wrote."""

    stdout: str
    stderr: str


Run = Callable[..., Said]
LONG = "blue-to-green-of-all-european-tenants-20261129-064501"


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> Iterator[LedgerWorld]:
    with served(LedgerWorld(redis_client, settings)) as world:
        yield world


@pytest.fixture
def run(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """The command in this process: what it does is the same, and a start of Python takes its time."""
    monkeypatch.chdir(tmp_path)
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, code: int = 0) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) == code, (arguments, out, err)
        return Said(out, err)

    return run


def test_an_id_is_enough_where_only_one_thing_has_it(world: LedgerWorld, run: Run) -> None:
    world.started("p", ["acme", "p2", "birch"])
    world.started("p2", ["cobalt"])
    assert run("explain", "p").stdout.startswith("plan p is RUNNING")
    assert run("explain", "p.0").stdout.startswith("task p.0 is RUNNING")
    assert run("explain", "acme").stdout.startswith("task p.0 is RUNNING")
    for command in ("explain", "pause"):
        found = run(command, "p2", code=2)
        assert found.stderr == "error: is a plan and a tenant; say which: --plan or --tenant (got 'p2')\n"
        assert run(command, "nosuch", code=3).stderr.startswith("error: no plan, task or tenant 'nosuch' in namespace")
    only = "error: --whole is for one plan's tasks; give its PLAN_ID\n"
    for wrong in (["p.0"], ["--task", "p.0"], ["--tenant", "acme"]):
        assert run("explain", *wrong, "--whole", code=2).stderr == only
    several = "error: give one id, or exactly one of --plan, --tenant and --task\n"
    assert run("explain", "--task", "p.0", "--tenant", "acme", "--whole", code=2).stderr.splitlines(True) == [
        several,
        only,
    ]
    # Of these only a plan, a task or a tenant can be meant.
    assert "cobalt" in run("status", "p2").stdout
    assert json.loads(run("status", "p.2", "-o", "json").stdout)["tenantId"] == "birch"
    assert json.loads(run("status", "birch", "--json").stdout)["taskId"] == "p.2"
    assert "give one id, or exactly one" in run("explain", "p", "--plan", "p", code=2).stderr
    run("pause", "birch", "--reason", "look")
    assert world.task("p.2")["pauseRequested"] == "1"


def test_rows_of_some_tenants_and_causes(world: LedgerWorld, run: Run) -> None:
    world.started("p", ["eu-1", "us-1", "eu-2", "us-2", "eu-3"])
    for number in (0, 1, 2):
        world.break_stage(f"p.{number}")

    def rows(*arguments: str) -> list[str]:
        return [line.split()[0] for line in run("status", "p", *arguments).stdout.splitlines()[3:]][:-1]

    assert rows("--tenant", "eu-*") == ["eu-1", "eu-2", "eu-3"]
    assert rows("--tenant", "eu-*", "--failed") == ["eu-1", "eu-2"]
    assert rows("--cause", "broken", "--tenant", "us-*") == ["us-1"]
    assert rows("--cause", "Brok*", "--limit", "2", "--page", "2") == ["eu-2"]
    assert "none of 0 tasks" in run("status", "p", "--cause", "Nothing").stdout
    assert "expected a name, or a pattern" in run("status", "p", "--tenant", "", code=2).stderr
    page = json.loads(run("status", "p", "--tenant", "eu-*", "--limit", "1", "--json").stdout)
    assert (page["matching"], [task["tenantId"] for task in page["tasks"]]) == (3, ["eu-1"])
    assert "Broken at noop: it broke" in run("status", "p", "--failed").stdout


def test_yaml_is_the_same_as_json(world: LedgerWorld, run: Run) -> None:
    world.started("p", ["a", "b"])
    world.break_stage("p.0")
    for arguments in (
        ["status"],
        ["status", "p"],
        ["status", "p", "--limit", "1"],
        ["status", "p", "--status", "PAUSED"],
    ):
        text = run(*arguments, "-o", "yaml").stdout
        assert yaml.safe_load(text) == json.loads(run(*arguments, "-o", "json").stdout), arguments
    assert "expected one of table, json, yaml" in run("status", "-o", "xml", code=2).stderr
    assert "give one of the two" in run("status", "--json", "-o", "yaml", code=2).stderr


def test_ids_are_whole_in_a_pipe_and_in_a_narrow_terminal(
    world: LedgerWorld, run: Run, place: Place, tmp_path: Path
) -> None:
    tenants = [f"customer-with-a-very-long-name-in-frankfurt-{n}" for n in range(2)]
    world.started(LONG, tenants)
    world.break_stage(f"{LONG}.0")
    assert f"{LONG}  " in run("status").stdout
    for arguments in (["status", LONG], ["status", LONG, "--wide"]):
        lines = run(*arguments).stdout.splitlines()
        assert [line.split()[0] for line in lines[3:5]] == tenants
        assert all(line == line.rstrip() for line in lines)
    wide = next(row for row in run("status", LONG, "--wide").stdout.splitlines() if f"{LONG}.1" in row)
    with Terminal([*CHANGEOVER, "status", LONG, "--wide"], place.environment(), tmp_path, columns=60) as terminal:
        assert terminal.end() == 0
        assert wide.replace(" ", "") in terminal.text.replace("\n", "").replace(" ", ""), terminal.text
    for columns, arguments, names in ((60, [LONG], tenants), (60, [], [LONG])):
        command = [*CHANGEOVER, "status", *arguments]
        with Terminal(command, place.environment(), tmp_path, columns=columns) as terminal:
            assert terminal.end() == 0
            assert all(is_whole(name, terminal.lines) for name in names), terminal.text


def is_whole(name: str, lines: Sequence[str]) -> bool:
    """Whether it stands in the first column, folded into lines one below the other or not."""
    columns = ["".join(line.split(" ")[0] for line in lines[first:]) for first in range(len(lines))]
    return any(column.startswith(name) for column in columns)


def test_events_of_a_type_and_of_some_tenants(world: LedgerWorld, run: Run) -> None:
    world.started("p", ["eu-1", "us-1"])
    world.started("q", ["eu-9"])
    world.break_stage("p.0")

    def found(*arguments: str) -> list[tuple[str, str | None]]:
        lines = [json.loads(line) for line in run("events", *arguments, "--json").stdout.splitlines()]
        return [(line["type"], line.get("tenantId")) for line in lines]

    assert found("p", "--type", "TaskFailed") == [("TaskFailed", "eu-1")]
    both = found("--type", "TaskStarted", "--type", "TaskCreated", "--tenant", "eu-*")
    assert sorted(both) == [(kind, name) for kind in ("TaskCreated", "TaskStarted") for name in ("eu-1", "eu-9")]
    assert found("p") == found("--plan", "p")
    assert "did you mean 'TaskFailed'?" in run("events", "--type", "TaskFaild", code=2).stderr
    assert "the plan is given twice" in run("events", "p", "--plan", "p", code=2).stderr


def test_after_a_wait_it_says_what_happened(place: Place, tmp_path: Path, run: Run) -> None:
    broken = {"type": "health-check", "interval_seconds": 0.1, "max_attempts": 1, "timeout_seconds": 0.5}
    plan = {
        "plan_id": "p",
        "name": "P",
        "max_concurrency": 2,
        "stages": [noop_stage("a"), {"name": "look", "when": "tenant.variables.looks", "steps": [broken]}],
        "tenants": [
            tenant("bad", target_ip="127.0.0.1:9", variables={"looks": True}),
            tenant("good", target_ip="127.0.0.1:9", variables={"looks": False}),
        ],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    cluster = Cluster(place, tmp_path)
    cluster.start()
    try:
        with Terminal([*CHANGEOVER, "submit", "plan.json", "--wait"], place.environment(), tmp_path) as terminal:
            assert terminal.end(60) == 1
            assert b"submitted p" in terminal.raw
            assert "HealthCheckFailed" in terminal.text
            assert b"\x1b[?1049l" in terminal.raw
        said = run("retry", "p", "--wait", code=1).stdout
        assert said == "plan p is FAILED: 1 of 2 tasks COMPLETED, 1 FAILED\n"
        said = run("retry", "bad", "--wait", code=1).stdout
        assert said.startswith("tenant bad is FAILED: task p.0 of plan p: failed after ")
        assert " at look / health-check: HealthCheckFailed: 1 of 1 instances" in said
        said = run("rollback", "--task", "p.1", "--wait").stdout
        assert said.startswith("task p.1 is ROLLED_BACK: ")
        assert "goes back" not in said
    finally:
        cluster.end()
