"""docs/mission.md has every row, and every test and page that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mission.md").read_text()
PHASES = {10: 6, 11: 3, 12: 3, 13: 2, 14: 2, 15: 2, 16: 3}
OLD = r"^\s*(?:class|def) (\w*(?:V[1-9]|_v[1-9]|Legacy|Deprecated))\b"
ROWS = [
    *(f"C{number}" for number in range(1, 8)),
    *(f"R{number}" for number in range(1, 12)),
    *(f"P{phase}.{number}" for phase, count in PHASES.items() for number in range(1, count + 1)),
    *(f"B{number}" for number in range(1, 15)),
]


def test_every_row_is_there() -> None:
    assert re.findall(r"^\| (\w[\w.]*) \|", PAGE, re.MULTILINE) == ROWS


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:unit|integration|acceptance|chaos|browser)/[\w/]+\.py)(?:::(\w+))?`", PAGE)
    assert len(named) > len(ROWS)
    gone = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / "tests" / file).exists() or (name and f"def {name}(" not in (ROOT / "tests" / file).read_text())
    ]
    assert gone == []


def test_no_name_tells_a_version_of_itself() -> None:
    packages = ("orchestrator", "workers", "steps", "checkpoint")
    sources = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    found = [
        f"{path}: {name}"
        for path in sources
        for name in re.findall(
            r"^\s*(?:class|def) (\w*(?:V[1-9]|_v[1-9]|Legacy|Deprecated))\b", path.read_text(), re.MULTILINE
        )
    ]
    assert found == []
