"""Every variable that the code or the docs name is a setting, or in the one list of those that are none."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.settings.environment import NOT_SETTINGS, read_environment
from orchestrator.settings.model import Settings

TREE = Path(__file__).parents[4]
NAME = re.compile(r"\bCHANGEOVER_[A-Z0-9_]*[A-Z0-9]\b")


def test_every_variable_that_is_named_is_known() -> None:
    """One that is no setting goes into ``NOT_SETTINGS`` of orchestrator/settings/environment.py."""
    files = [TREE / "celeryconfig.py", TREE / "README.md", TREE / "docker-compose.yml", *(TREE / "docs").glob("*.md")]
    for room in ("orchestrator", "workers", "steps", "checkpoint", "examples", "benchmarks", "tests/support"):
        files += (TREE / room).rglob("*.py")
    named = {name for path in files for name in NAME.findall(path.read_text())}
    assert named >= NOT_SETTINGS.keys()
    problems = read_environment(Settings, dict.fromkeys(named, "")).problems
    unknown = {problem.path for problem in problems if "unknown variable" in problem.message}
    # The two prefixes, said without what follows.
    assert unknown <= {"CHANGEOVER_SECRET", "CHANGEOVER_TEST"}
