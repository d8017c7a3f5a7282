"""The page on keys has one row for each key there is."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.ledger.keys import PATTERNS
from tests.support.agreed_lists import must_agree

PAGE = (Path(__file__).parents[4] / "docs" / "keys.md").read_text()


def test_every_key_has_its_row() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| \w+ \|", PAGE, re.MULTILINE)
    must_agree(
        PATTERNS.values(),
        [re.sub(r"\{\w+\}", "{}", row) for row in rows],
        lacking="`{}` has no row in docs/keys.md: | `key:{{identifier}}` | type | what | owner | goes when |",
        left_over="`{}` has a row in docs/keys.md, and is none of PATTERNS in orchestrator/ledger/keys.py",
    )
    assert len(rows) == len(PATTERNS)
