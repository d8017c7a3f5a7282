"""The worked example: its package is built and installed as a user's would be, and a plan finds its step."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).parents[3]
SOURCE = TREE / "examples" / "custom_step"

PROGRAM = """
import json, sys
from orchestrator.settings import Settings
from orchestrator.validation import validate_plan
from steps import HttpPool, load_registry
from tests.support.instances import Instances, in_turn, raw
from tests.support.right_plan import right_plan
from tests.support.step_context import context

step = load_registry().get("drain-queue")
plan = right_plan()
plan["stages"][0]["steps"] = [{"type": "drainQueue", "url": "http://evil/{{ tenant.tenant_id }}", "maxAttempts": 2}]
errors = [str(p) for p in validate_plan(plan, settings=Settings(allowed_hosts=["queue", "127.0.0.1"])).errors]
with Instances({"/depth": in_turn(raw(b"3"), raw(b"3"), raw(b"0"))}) as server, HttpPool() as pool:
    given = step.Parameters(url=server.url("/depth"), max_attempts=2)
    outcomes = [str(step.run(given, context(http=pool, attempt=n))) for n in (1, 2, 3)]
print(json.dumps([errors, outcomes]))
"""


def test_the_example_package(tmp_path: Path) -> None:
    # A copy: building leaves files in the source folder.
    source = shutil.copytree(SOURCE, tmp_path / "source")
    place = tmp_path / "site"
    install = ["install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(place), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        capture_output=True,
        text=True,
        cwd=TREE,
        env={"PYTHONPATH": str(place)},
    )
    assert done.returncode == 0, done.stderr
    errors, outcomes = json.loads(done.stdout)
    assert len(errors) == 1
    assert "stages[0].steps[0].url: host 'evil' (port 80) is not among the allowed hosts" in errors[0]
    assert outcomes == [
        """PollAgain(after_seconds=2, note="the queue says '3'", state={})""",
        """Failed(kind='NotDrained', message="the queue still says '3' after 2 attempts", state=None)""",
        "Done(outputs={'attempts': 3})",
    ]


def test_the_step_is_short() -> None:
    assert len((SOURCE / "drain_queue.py").read_text().splitlines()) < 30
