"""docs/mission.md has every row, and every test and page that it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
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


def named() -> Iterator[tuple[str, str, str]]:
    """Each test of the page: its file, its name ("" is the whole file) and what follows it. ``::name`` alone is of the
    file that was named before."""
    before = ""
    tests = r"`((?:unit|integration|acceptance|chaos|browser)/[\w/]+\.py)?(?:::(\w+))?`([^`|]*(?:`make [\w-]+`)?)"
    for file, name, behind in re.findall(tests, PAGE):
        before = file or before
        if file or name:
            yield before, name, behind


def decorators(file: str, name: str) -> str:
    """Of a test."""
    found = re.search(rf"((?:^[@ )].*\n)*)^(?:async )?def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)
    assert found is not None, f"{file}::{name}"
    return found[1]


def test_every_test_that_it_names_is_there() -> None:
    assert len(list(named())) > len(ROWS)
    gone = [
        f"{file}::{name}"
        for file, name, _ in named()
        if not (ROOT / "tests" / file).exists() or (name and f"def {name}(" not in (ROOT / "tests" / file).read_text())
    ]
    assert gone == []


def test_what_make_test_leaves_out_has_a_word_beside_it() -> None:
    """Whole, or in part."""
    wordless = [
        f"{file}::{name}"
        for file, name, behind in named()
        if name and re.search(r"^@long$|mostly_long|marks=long\b", decorators(file, name), re.MULTILINE)
        if "`make test-long`" not in behind
    ]
    assert wordless == []


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
