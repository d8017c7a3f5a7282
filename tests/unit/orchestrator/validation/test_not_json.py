"""What a plan that was made in Python holds and JSON cannot is refused in words, beside all else that is wrong."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.domain.config import PlanSpec
from orchestrator.domain.errors import InvalidInput
from orchestrator.doors.remote.submits import _values
from orchestrator.validation import validate_plan
from tests.support.right_plan import right_plan

JSON = "expected a JSON value (text, number, true or false, null, list, mapping)"
KEY = "expected a key that is text"
STEP = "stages[0].steps[1]"
STRANGE: dict[str, tuple[Any, list[tuple[str, Any, str]]]] = {
    "a time": ({"at": [1, datetime.now(UTC)]}, [(".at[1]", "a datetime", JSON)]),
    "a day": (date.today(), [("", "a date", JSON)]),
    "a Decimal": (Decimal("1.5"), [("", "a Decimal", JSON)]),
    "a UUID": ({"id": uuid.uuid4()}, [(".id", "a UUID", JSON)]),
    "a set": ([{"x"}], [("[0]", "a set", JSON)]),
    "bytes": (b"x", [("", "a bytes", JSON)]),
    "keys of two kinds": ({1: "a", "b": 2}, [(".1", 1, KEY)]),
    "a number for a key": ({"dict": {1: {2: "a"}}}, [(".dict.1", 1, KEY), (".dict.1.2", 2, KEY)]),
    "no number": (float("nan"), [("", "nan", "expected a finite number")]),
    "a number of many digits": (
        [10**299, 10**300],
        [("[1]", "a number too large", "expected a whole number of at most 300 digits")],
    ),
    "half a character": ({"a": "\ud800"}, [(".a", "?", "expected text in valid Unicode")]),
}


def plan(value: object, **more: Any) -> dict[str, Any]:
    write = {"type": "config-write", "key": "k:{{ tenant.tenant_id }}", "field": "f", "value": value, **more}
    return right_plan() | {"stages": [{"name": "s", "steps": [{"type": "wait", "seconds": 1}, write]}]}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_parameter_is_told_beside_other_mistakes(kind: str) -> None:
    value, told = STRANGE[kind]
    wanted = [(f"{STEP}.value{place}", shown, message) for place, shown, message in told]
    assert found(plan(value)) == wanted
    others = found(plan(value, nme=1) | {"max_concurrency": 0})
    assert [one for one in others if one in wanted] == wanted
    assert [path for path, _, _ in others if ".value" not in path] == ["max_concurrency", f"{STEP}.nme"]
    for given in (plan(value), PlanSpec.model_validate(plan(value))):
        with pytest.raises(InvalidInput) as refused:
            _values(given)
        assert [(one.path, one.value, one.message) for one in refused.value.problems] == wanted


def test_a_tenants_key_is_told_by_the_path_that_was_written() -> None:
    tenant = right_plan()["tenants"][0] | {"variables": {"v": {"list": [{1: "a"}]}}}
    assert found(right_plan() | {"tenants": [tenant]}) == [("tenants[0].variables.v.list[0].1", 1, KEY)]


def test_a_number_that_could_not_be_read_again_is_no_tenants() -> None:
    """In a text as many digits are as good as others."""
    one = right_plan()["tenants"][0]
    wrong = right_plan() | {"tenants": [one | {"variables": {"text": "9" * 301, "number": 10**300}}]}
    message = "holds a value that JSON cannot: a number of more than 300 digits"
    assert found(wrong) == [("tenants[0]", None, message)]
    assert found(right_plan() | {"tenants": [one | {"variables": {"text": "9" * 301}}]}) == []


def found(wrong: dict[str, Any]) -> list[tuple[str, object, str]]:
    return [(one.path, one.value, one.message) for one in validate_plan(wrong).errors]
