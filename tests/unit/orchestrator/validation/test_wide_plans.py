"""A plan of nothing but unknown keys is refused for what it costs to read, not for what suggestions cost."""

from __future__ import annotations

import pytest

from orchestrator.domain import naming
from orchestrator.domain.naming import bounded_comparing, unknown
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from tests.support.plans import noop_stage, plan, tenant


def test_the_nearest_name_is_looked_for_so_often_in_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "MOST_COMPARED", 3)
    wide = plan("x", [tenant("a")], [noop_stage("one")]) | {f"nam{number}": 1 for number in range(5)}
    for _ in range(2):
        # Each plan has its own bound.
        told = [problem.message for problem in validate_plan(wide, settings=Settings()).errors]
        assert [message == "unknown key" for message in told] == [False] * 3 + [True] * 2
        assert "did you mean 'name'?" in told[0]
    with bounded_comparing():
        pass
    assert "did you mean" in unknown("key", "nam", ["name"])
