"""Each row of the transition table deleted in turn: exactly the tests of that transition fail, by its name.

The table's own tests run in a process of their own whose table lacks the row. What takes the row (or asks for it)
fails, once it was seen to be refused with nothing written; the cases that only come by the row on their way pass. The
model and the matrix stand on the whole table: they judge what the scripts do by it, not what is in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support import row_left_out
from tests.support.long import long
from tests.support.table_cases import Case
from tests.support.wave_cases import every_case
from tests.support.whole_table import WHOLE, Row, by_row, named

ROOT = Path(__file__).parents[3]
ROWS = list(by_row(WHOLE))
CASES = list(every_case())
OWN = ("tests/integration/ledger/test_table.py", "tests/unit/orchestrator/domain/test_transitions.py")
BESIDE = ("tests/integration/ledger/test_matrix.py", "tests/integration/ledger/test_model.py")
ON_EVERY_WAY = [("task", "PENDING", "admit"), ("plan", "READY", "start")]


@long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_a_deleted_row_fails_exactly_its_own_tests(row: Row, tmp_path: Path) -> None:
    own = {
        *(f"test_a_row_less_refuses_what_takes_it_and_nothing_else[{case}]" for case in CASES if takes(case, row)),
        f"test_every_state_with_every_trigger[{' '.join(row)}]",
    }
    failed = failures_without(row, tmp_path, *OWN)
    assert failed.keys() == own
    cut_short = {name: text for name, text in failed.items() if named(row) not in text}
    assert not cut_short, f"these do not name the row, or found something written: {cut_short}"


def takes(case: Case, row: Row) -> bool:
    return row in case.rows | case.asked


@long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("row", ON_EVERY_WAY, ids=" ".join)
def test_what_is_on_every_way_fails_no_walk(row: Row, tmp_path: Path) -> None:
    assert failures_without(row, tmp_path, *BESIDE) == {}


def failures_without(row: Row, folder: Path, *files: str) -> dict[str, str]:
    """What each failed test says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_TEST_LONG")}
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", row_left_out.__name__, f"--junit-xml={report}", *files]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, row_left_out.VARIABLE: ",".join(row)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return {
        str(case.get("name")): str(problem.get("message"))
        for case in ElementTree.parse(report).iter("testcase")
        for problem in (*case.iter("failure"), *case.iter("error"))
    }
