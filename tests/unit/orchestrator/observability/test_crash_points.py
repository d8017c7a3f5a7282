"""Crash points do nothing unless the environment asks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from orchestrator.observability import crash_points

PASS = """
from orchestrator.observability import crash_points as c
[c.reached("a"), c.reached("b"), c.reached("b")]
print("lives")
"""


def run(**environment: str) -> int:
    done = subprocess.run([sys.executable, "-c", PASS], env=os.environ | environment, capture_output=True, check=False)
    return done.returncode


def test_without_the_variable_nothing_is_checked() -> None:
    assert crash_points.reached is crash_points._nothing
    assert run() == 0


def test_with_it_the_process_dies_at_the_point_and_pass_named() -> None:
    assert run(CHANGEOVER_CRASH_AT="b") == -signal.SIGKILL
    assert run(CHANGEOVER_CRASH_AT="b:2") == -signal.SIGKILL
    assert run(CHANGEOVER_CRASH_AT="b:3") == 0
    assert run(CHANGEOVER_CRASH_AT="elsewhere") == 0
