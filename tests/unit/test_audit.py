"""`make audit` never says that all is well when it does not know: the real pip-audit, a service of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.audit import GOOD, NOT_KNOWN, WEAK, audit, judge
from tests.support.instances import Instances, says

WEAKNESS = {
    "id": "PYSEC-1",
    "summary": "bad",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "idna", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.7"}]}],
        }
    ],
}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(f"idna==3.4 --hash=sha256:{'0' * 64}\n")
    return path


@pytest.mark.parametrize(
    ("answer", "code", "line"),
    [
        ({}, GOOD, "good: no weakness is known of 1 packages"),
        ({"vulns": [WEAKNESS]}, WEAK, "weak: idna 3.4: PYSEC-1; mended in 3.7"),
    ],
)
def test_what_the_service_says(lock: Path, answer: dict[str, Any], code: int, line: str) -> None:
    with Instances({"/": says(answer)}) as service:
        assert audit(lock, ["--osv-url", service.url("/")]) == (code, [line])


def test_a_service_that_is_not_there_or_refuses(lock: Path) -> None:
    with Instances({"/": says({}, status=503)}) as service:
        url = service.url("/")
        code, (line,) = audit(lock, ["--osv-url", url])
        assert code == NOT_KNOWN
        assert line.startswith("not known: the advisory service could not be asked: ")
    code, (line,) = audit(lock, ["--osv-url", url])
    assert code == NOT_KNOWN
    assert line.startswith("not known: the advisory service could not be asked: ")


def test_a_package_that_was_left_out_is_not_good() -> None:
    known = {"name": "a", "version": "1", "vulns": []}
    left_out = {"name": "b", "skip_reason": "not found"}
    assert judge([known]) == (GOOD, ["good: no weakness is known of 1 packages"])
    assert judge([known, left_out]) == (NOT_KNOWN, ["not known: b: not found"])
    assert judge([])[0] == NOT_KNOWN
