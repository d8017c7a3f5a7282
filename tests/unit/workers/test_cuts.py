"""What is cut before it is masked leaves no beginning of a secret: the mask knows it by the mark of the cut."""

from __future__ import annotations

import pytest
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.records import Turn
from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.masking import mask
from steps.expressions.judgement import fault_words
from steps.http.address import what_is_wrong
from steps.told import MOST_SAID
from tests.support.hostile_errors import SECRET
from workers.stage_runner import _damaged
from workers.unable import LONGEST_LACK, cannot_build


@pytest.fixture(autouse=True)
def known_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))


def shows(text: str) -> bool:
    return SECRET[:8] in text


@pytest.mark.parametrize("most", [LONGEST_LACK, MOST_SAID])
def test_what_a_worker_cannot_build(most: int) -> None:
    error = InvalidInput([Problem("", None, "y" * (most - 10) + SECRET)])
    assert not shows(mask(cannot_build(error, [], ()).what))


def test_a_turn_that_is_not_recorded() -> None:
    with capture_logs() as logs:
        _damaged(Turn("p.0", 1, 0, 0), ResponseError("y" * 190 + SECRET))
    assert logs[0]["error"].startswith("yyy")
    assert not shows(mask(logs[0]["error"]))


def test_a_fault_of_an_expression() -> None:
    assert not shows(mask(fault_words(ValueError("y" * 190 + SECRET), "expression")))


def test_a_scheme() -> None:
    said = what_is_wrong(f"yyyyyyyy{SECRET}://x")
    assert said is not None
    assert "yyyy" in said
    assert not shows(mask(said))
