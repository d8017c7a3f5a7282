"""The page on keys has one row for each key there is."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.ledger.keys import PATTERNS

PAGE = (Path(__file__).parents[4] / "docs" / "keys.md").read_text()


def test_every_key_has_its_row() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| \w+ \|", PAGE, re.MULTILINE)
    assert sorted(re.sub(r"\{\w+\}", "{}", row) for row in rows) == sorted(PATTERNS.values())
