"""A huge value at any place of a plan or the settings: little of it reaches pydantic, and few problems come of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, JsonValue, ValidationError

from orchestrator.domain.config import PlanSpec, ServiceSpec
from orchestrator.domain.errors import InvalidInput
from orchestrator.domain.few_mistakes import LARGE, few_of
from orchestrator.domain.wording import model_in
from orchestrator.settings.model import Settings, load_settings
from orchestrator.validation import validate_plan
from steps import load_registry
from tests.support.right_plan import right_plan

HUGE = 5000
ROOTS: list[type[BaseModel]] = [PlanSpec, ServiceSpec, Settings]
ROOTS += [step.Parameters for step in map(load_registry().get, load_registry().names())]
WRONG_MAPPING = {f"-{number}": object() for number in range(HUGE)}
WRONG_LIST = [object()] * HUGE


def places(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Of all fields that take a mapping or a list, in any depth."""
    for name, field in model.model_fields.items():
        annotation = str(field.annotation)
        inner = model_in(field.annotation)
        if inner is not None or any(word in annotation for word in ("dict[", "list[", "tuple[", "JsonValue")):
            yield (*before, name)
        if inner is not None and len(before) < 6:
            yield from places(inner, (*before, name))


def body(model: type[BaseModel], place: tuple[str, ...], value: Any) -> Any:
    name, *rest = place
    field = model.model_fields[name]
    if not rest:
        return {name: value}
    inner = model_in(field.annotation)
    assert inner is not None
    made = body(inner, tuple(rest), value)
    listed, mapped = ("list[" in str(field.annotation)), ("dict[" in str(field.annotation))
    return {name: [made] if listed else {"k": made} if mapped else made}


def entries(value: Any) -> int:
    if not isinstance(value, dict | list | tuple):
        return 0
    return len(value) + sum(entries(one) for one in (value.values() if isinstance(value, dict) else value))


def mistakes(model: type[BaseModel], value: Any) -> int:
    try:
        model.__pydantic_validator__.validate_python(value)
    except ValidationError as error:
        return error.error_count()
    return 0


ALL = [(model, place) for model in ROOTS for place in places(model)]


@pytest.mark.parametrize(
    ("model", "place"), ALL, ids=[f"{model.__module__}.{model.__name__}.{'.'.join(place)}" for model, place in ALL]
)
def test_a_huge_value_is_cut_at_every_place(model: type[BaseModel], place: tuple[str, ...]) -> None:
    for wrong in (WRONG_MAPPING, WRONG_LIST, {"a": [WRONG_LIST, WRONG_MAPPING]}, [WRONG_MAPPING, [WRONG_LIST]]):
        few = few_of(model, body(model, place, wrong))
        assert mistakes(model, few.value) <= 2 * LARGE
        assert len(few.problems) <= 100


def test_every_kind_of_place_is_among_them() -> None:
    told = {".".join(place) for _, place in ALL}
    assert told >= {"tenants.labels", "tenants.source_tenant_deploy_config.variables", "waves.tenants.ids"}
    assert told >= {"group_limits", "stages.steps", "services.stages.steps", "tenants.overrides"}


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("tenants[0].labels", dict.fromkeys(WRONG_MAPPING, 1), "expected at most 32 of them"),
        ("group_limits", dict.fromkeys(WRONG_MAPPING, "x"), "more than 100 of its entries are wrong"),
        ("tenants[0].groups", [1] * HUGE, "expected at most 8 of them"),
        ("tenants[0].network_endpoints", [1] * 10_001, "more than 100 of its entries are wrong"),
        ("tenants[0].variables", WRONG_MAPPING, "more than 100 of its entries are wrong"),
        ("stages[0].steps", [1] * HUGE, "expected at most 100 of them"),
        ("waves", [1] * HUGE, "expected at most 100 of them"),
        ("waves[0].tenants.ids", [1] * HUGE, "more than 100 of its entries are wrong"),
        ("stages[0].steps[0].headers", {key: [] for key in WRONG_MAPPING}, "expected at most 50 of them"),
    ],
)
def test_a_plan_is_told_of_it_once(place: str, value: Any, told: str) -> None:
    plan = right_plan()
    target: Any = plan
    *parts, last = place.replace("[", ".").replace("]", "").split(".")
    if parts[:1] == ["waves"]:
        plan["waves"] = [{"name": "w", "tenants": {}}]
    if last == "headers":
        plan["stages"] = [{"name": "s", "steps": [{"type": "http-request", "url": "http://a.example.com/"}]}]
    for part in parts:
        target = target[int(part)] if part.isdigit() else target[part]
    target[last] = value
    errors = validate_plan(plan).errors
    assert len([one for one in errors if one.path == place and one.message == told]) == 1, errors[-3:]
    assert len(errors) <= 101


def test_a_large_value_that_is_right_stays_as_it_is() -> None:
    plan = right_plan()
    many: JsonValue = {f"k{number}": [number, None, "x"] for number in range(HUGE)}
    plan["tenants"][0]["variables"] = many
    assert validate_plan(plan).errors == []
    plan["group_limits"] = {f"g{number}": 1 for number in range(HUGE)}
    few = few_of(PlanSpec, plan)
    assert (few.value, few.problems) == (plan, [])


def test_wrong_services_of_a_file_are_told_with_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("services:\n" + "".join(f"  s{number}: 1\n" for number in range(HUGE)))
    monkeypatch.setenv("CHANGEOVER_CONFIG", str(file))
    with pytest.raises(InvalidInput) as raised:
        load_settings()
    problems = raised.value.problems
    assert [one.path for one in problems[:2]] == ["services", "services.s0"]
    assert problems[0].message == f"more than 100 of its entries are wrong, in {file} line 2"
    assert problems[0].value == f"a mapping of {HUGE}"
    assert len(problems) <= 102
