"""The suite says the same in every shell."""

from __future__ import annotations

import re
import runpy
import subprocess
from pathlib import Path

import pytest

from tests.support.agreed_lists import must_agree
from tests.support.own_environment import KNOWN

ROOT = Path(__file__).parents[2]


def test_settings_of_the_shell_reach_neither_the_suite_nor_what_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHANGEOVER_CONFIG", "changeover_lanes", "CHANGEOVER_SECRET_A", *KNOWN):
        monkeypatch.setenv(name, "1")
    runpy.run_path(str(ROOT / "tests" / "conftest.py"))
    child = subprocess.run(["env"], capture_output=True, text=True, check=True).stdout
    assert set(re.findall("^changeover_[^=]*", child, re.MULTILINE | re.IGNORECASE)) == set(KNOWN)


def test_what_the_suite_asks_of_the_shell_is_listed() -> None:
    paths = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.c"), ROOT / "Makefile"]
    asked = {name for path in paths for name in re.findall(r"CHANGEOVER_TEST_\w+", path.read_text())}
    must_agree(
        asked,
        KNOWN,
        lacking="{} is used and would be taken out: KNOWN in tests/support/own_environment.py says what for",
        left_over="{} is used by nothing: it goes out of KNOWN in tests/support/own_environment.py",
    )
