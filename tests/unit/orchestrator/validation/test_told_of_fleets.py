"""What is said of keys that are wrong in a fleet's plan, and of waves that take nobody."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.domain.wording import problems_of
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from tests.support.right_plan import right_plan, right_tenant


def told(**head: Any) -> list[tuple[str, str]]:
    return [(one.path, one.message) for one in validate_plan(right_plan() | head).errors]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("db 7", "expected a key of letters, digits, '.', '_'{} and '-', beginning with a letter or digit"),
        ("x" * 64, "expected a key of at most 63 characters"),
        ("", "expected a key that is not empty"),
    ],
)
def test_a_wrong_key_is_told_by_what_may_be_in_it(key: str, said: str) -> None:
    found = told(group_limits={key: 1}, tenants=[right_tenant("a", labels={key: "x"})])
    assert [message for _, message in found] == [said.format(""), said.format(", '/'")]
    with pytest.raises(ValidationError) as refused:
        Settings(groups={key: 1})
    assert [problem.message for problem in problems_of(refused.value, Settings)] == [said.format("")]


def test_who_nobody_is_is_told_by_what_is_before_it() -> None:
    nobody = {"tenants": {"where": "tenant.labels.region == 'mars'"}}
    specs: list[dict[str, Any]] = [nobody, {"tenants": {"count": 2}}, nobody, {}]
    waves = [{"name": f"w{index}", **spec} for index, spec in enumerate(specs)]
    tenants = [right_tenant(f"t{index}", labels={"region": "eu"}) for index in range(4)]
    assert told(waves=waves, tenants=tenants) == [
        ("waves[0]", "it takes nobody: no tenant of the plan is such"),
        ("waves[2]", "it takes nobody: earlier waves have left no such tenant"),
    ]
