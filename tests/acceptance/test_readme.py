"""README's blocks as printed, and what `up --demo` says to try: a newcomer's first ten minutes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orchestrator.domain.events import EVENT
from orchestrator.embedded.demo.plans import PORT
from tests.support.cli import changeover
from tests.support.long import long
from tests.support.up_process import READY_SECONDS
from tests.support.waiting import wait_until

README = (Path(__file__).parents[2] / "README.md").read_text()
COMMAND = (sys.executable, "-P", "-m", "orchestrator.cli")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def commands(text: str) -> list[list[str]]:
    """What its blocks say to type, without the remarks."""
    lines = re.findall(r"^(changeover .*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True)[1:] for line in lines]


def fenced(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


FIRST, *THEN = commands(section("A first plan"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the first command of README runs, and its plan is."""
    said = tmp_path / "up.out"
    with (
        open(said, "wb") as output,
        open(tmp_path / "up.err", "wb") as errors,
        subprocess.Popen([*COMMAND, *FIRST], cwd=tmp_path, env=CLEAN, stdout=output, stderr=errors) as process,
    ):
        try:
            wait_until(lambda: "all go back" in said.read_text() or process.poll() is not None, READY_SECONDS)
            assert process.poll() is None, (tmp_path / "up.err").read_text()
            # Somebody else may have README's port on this machine.
            (tmp_path / "plan.yaml").write_text(fenced("yaml")[0].replace(f":{PORT}/", f":{port_of(tmp_path)}/"))
            yield tmp_path
            process.send_signal(signal.SIGINT)
            assert process.wait(25) == 0
        finally:
            process.terminate()


def port_of(folder: Path) -> int:
    found = re.search(r"instances at http://127\.0\.0\.1:(\d+);", (folder / "up.out").read_text())
    assert found
    return int(found[1])


def version_of(folder: Path, tenant: str) -> str:
    answer = httpx.get(f"http://127.0.0.1:{port_of(folder)}/{tenant}/{tenant}-1/health").json()
    return str(answer["version"])


# A newcomer waits for health checks, too.
minutes = pytest.mark.timeout(300)


@minutes
def test_the_first_ten_minutes(folder: Path) -> None:
    assert FIRST == ["up", "--demo"]
    said: dict[str, str] = {}
    for arguments in THEN[:-1]:
        done = changeover(*arguments, folder=folder, timeout=80)
        assert (done.returncode, "warning" in done.stderr) == (0, False), (arguments, done.stderr)
        said[arguments[0]] = done.stdout
    assert version_of(folder, "acme") == "42"
    assert "2 COMPLETED" in said["status"]
    assert "TaskCompleted  acme" in said["events"]
    assert "birch" not in said["events"]
    (python,) = fenced("python")
    ran = subprocess.run([sys.executable, "-c", python], cwd=folder, env=CLEAN, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].endswith("PlanCompleted")
    done = changeover(*THEN[-1], folder=folder, timeout=80)
    assert done.stdout == "plan blue-to-green-1 is ROLLED_BACK: 2 of 2 tasks ROLLED_BACK\n"
    assert version_of(folder, "acme") == "41"


@long
@minutes
def test_what_the_demo_says_to_try(folder: Path) -> None:
    # But for the plan in which nothing goes wrong.
    told = [
        line.removeprefix("demo:   ") for line in (folder / "up.out").read_text().splitlines() if "demo:   " in line
    ]
    tried = [shlex.split(re.split(r"  +", line)[0]) for line in told if "green" not in line]
    results = []
    for program, *arguments in tried:
        if program == "curl":
            method, url = arguments[1:]
            assert httpx.request(method, url).json() == {"mended": True}
        else:
            done = changeover(*arguments, folder=folder, timeout=80)
            results.append((arguments[0], done.returncode, done.stdout.splitlines()))
    assert [(word, code) for word, code, _ in results] == [
        ("submit", 1),
        ("explain", 0),
        ("retry", 0),
        ("rollback", 0),
    ]
    assert results[0][2][1] == "2 FAILED · 10 COMPLETED"
    assert "falcon" in results[0][2][3]
    assert any("changeover retry --plan demo-red" in line for line in results[1][2])
    assert results[2][2] == ["plan demo-red is COMPLETED: 12 of 12 tasks COMPLETED"]
    assert results[3][2] == ["plan demo-red is ROLLED_BACK: 12 of 12 tasks ROLLED_BACK"]
    validated = changeover("validate", ".changeover/demo/green.yaml", folder=folder, timeout=80)
    assert validated.stdout == "valid: 12 tenants\n"


def test_the_demo_touches_no_server_of_the_users(tmp_path: Path) -> None:
    done = changeover("up", "--demo", folder=tmp_path, environment={"CHANGEOVER_REDIS_URL": "redis://127.0.0.1:1/0"})
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: --demo: would write the demo's tenants into the Redis of CHANGEOVER_REDIS_URL"
    )


def test_the_events_as_printed() -> None:
    lines = fenced("json")[0].splitlines()
    assert [EVENT.validate_python(json.loads(line)).type for line in lines] == [
        *("TaskStarted", "TaskStageSucceeded", "TaskFailed", "TaskRetryStarted", "TaskRolledBack"),
    ]
