"""Each thing that `explain` and `doctor` can say has its section in the runbooks, and each section says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.control.doctor import Row
from orchestrator.control.explain import Situation

PAGE = (Path(__file__).parents[2] / "docs" / "runbooks.md").read_text()


@pytest.mark.parametrize(
    ("chapter", "names"), [("explain", list(Situation)), ("doctor", list(Row))], ids=["explain", "doctor"]
)
def test_every_word_has_its_section(chapter: str, names: list[str]) -> None:
    text = PAGE.split(f"# What `{chapter}` says\n")[1].split("\n# ")[0]
    sections = dict(re.findall(r"^### ([\w-]+)\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(sections) == [str(name) for name in names]
    for name, section in sections.items():
        assert re.findall(r"\*\*(.+?):\*\*", section) == ["Means", "Do"], name
