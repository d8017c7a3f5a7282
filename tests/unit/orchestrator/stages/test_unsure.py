"""A rule over several parameters is asked of what their templates give, of each tenant: never of their text."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationInfo, field_validator, model_validator

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import Done, Outcome, Step, StepContext, StepParameters, StepRegistry, load_registry
from tests.support.plans import plan, tenant


class TiedParameters(StepParameters):
    region: Any = "eu"
    plain: int = 1
    beside: Any = "x"

    @field_validator("beside")
    @classmethod
    def _beside(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("region") not in ("eu", "us"):
            raise ValueError("goes with eu or us alone")
        return value

    @model_validator(mode="after")
    def _whole(self) -> TiedParameters:
        if self.region != "eu":
            raise ValueError("not in eu")
        return self


class Tied(Step[TiedParameters]):
    name = "tied"
    Parameters = TiedParameters

    def run(self, parameters: TiedParameters, context: StepContext) -> Outcome:
        return Done()


class SpelledParameters(StepParameters):
    region: str
    host: str

    @model_validator(mode="before")
    @classmethod
    def _host(cls, given: Any) -> Any:
        if given["region"] != "eu":
            raise KeyError(given["region"])
        return {**given, "host": 5 if "{" in given["region"] else given["host"]}


class Spelled(Step[SpelledParameters]):
    name = "spelled"
    Parameters = SpelledParameters

    def run(self, parameters: SpelledParameters, context: StepContext) -> Outcome:
        return Done()


class NestedParameters(StepParameters):
    region: str = "eu"
    plain: int = 1
    within: NestedParameters | None = None

    @field_validator("within", "plain")
    @classmethod
    def _whole(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data["region"] != "eu":
            raise ValueError("goes with eu alone")
        return value


class Nested(Step[NestedParameters]):
    name = "nested"
    Parameters = NestedParameters

    def run(self, parameters: NestedParameters, context: StepContext) -> Outcome:
        return Done()


REGION = "{{ tenant.variables.r }}"
REGISTRY = StepRegistry(
    [Tied(), Spelled(), Nested(), *(load_registry().get(one) for one in ("health-check", "http-request", "redis-ack"))]
)
STEPS: dict[str, dict[str, Any]] = {
    "a rule of the model": {"type": "tied", "region": REGION},
    "a rule of another field": {"type": "tied", "region": REGION, "beside": "y"},
    "a rule of a model that has itself in a field": {"type": "nested", "region": REGION, "within": {"plain": 2}},
    "a rule before all others": {"type": "spelled", "region": REGION, "host": "h"},
    "our own: where the footprint stands": {
        "type": "redis-ack",
        "key": "k",
        "footprint": REGION,
        "value": {"eu": 1, "{{ tenant": {"variables": {"r }}": 1}}},
        "channel": "c",
        "message": 1,
    },
    "our own: one body": {"type": "http-request", "url": "http://h", "json": "{{ tenant.variables.n }}", "body": "x"},
}
NEEDS = {"n": None, "r": "eu"}
BAD = {"n": 1, "r": "nope"}


def problems(step: dict[str, Any], *variables: dict[str, Any]) -> list[str]:
    tenants = [
        tenant(f"t{index}", variables=one, network_endpoints=[{"value": "http://127.0.0.1:1/health"}])
        for index, one in enumerate(variables)
    ]
    given = plan("p", tenants, [{"name": "s", "steps": [step]}])
    return [str(one) for one in validate_plan(given, registry=REGISTRY, settings=Settings()).errors]


@pytest.mark.parametrize("name", STEPS)
def test_a_right_plan_is_not_refused_and_a_wrong_one_is_told_by_tenant(name: str) -> None:
    assert problems(STEPS[name], NEEDS) == []
    (one,) = problems(STEPS[name], NEEDS, BAD)
    assert one.startswith("stages[0].steps[0]")
    assert "for tenants[1]" in one


def test_what_is_wrong_whatever_a_template_gives_is_told_once() -> None:
    (one,) = problems({"type": "tied", "region": REGION, "plain": "x"}, NEEDS, NEEDS)
    assert one.startswith("stages[0].steps[0].plain")
    assert "tenants[" not in one
    (one,) = problems({k: v for k, v in STEPS["our own: where the footprint stands"].items() if k != "value"}, NEEDS)
    assert "steps[0].value" in one
    assert "tenants[" not in one


ID = "{{ tenant.tenant_id }}"
SHAPES: list[tuple[dict[str, Any], dict[str, set[str]]]] = [
    (
        {"type": "http-request", "url": "http://h/" + ID, "body": {"a": 1}, "timeout_seconds": -1},
        {"body": {"expected text"}, "timeout_seconds": {"expected a number of more than 0"}},
    ),
    (
        {"type": "http-request", "url": "http://h/" + ID, "form": [1], "success": "a ="},
        {"form": {"expected a mapping"}, "success": set()},
    ),
    (
        {"type": "health-check", "path": "/" + ID, "consecutive_successes": "two", "interval_seconds": "x"},
        {"consecutive_successes": {"expected a whole number"}, "interval_seconds": {"expected a number"}},
    ),
    (
        {"type": "health-check", "path": "/" + ID, "consecutive_successes": 0},
        {"consecutive_successes": {"expected a whole number of at least 1"}},
    ),
    (
        {"type": "health-check", "path": "/" + ID, "max_attempts": 2, "consecutive_successes": 3},
        {"consecutive_successes": {"expected at most max_attempts (2)"}},
    ),
    (
        {"type": "nested", "region": ID, "within": {"plain": "x"}, "plain": "y"},
        {"within.plain": {"expected a whole number"}, "plain": {"expected a whole number"}},
    ),
    (
        {"type": "http-request", "url": "http://h/" + ID, "body": "x" * 1_048_577, "metod": "GET"},
        {"body": {"expected text of at most 1048576 characters"}, "metod": set()},
    ),
]


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: str(case[0])[:120])
def test_a_value_that_is_wrong_before_a_rule_of_several_is_told_beside_others_once(
    case: tuple[dict[str, Any], dict[str, set[str]]],
) -> None:
    step, expected = case
    found = problems(step, NEEDS, NEEDS)
    assert len(found) == len(expected)
    for name, words in expected.items():
        (one,) = [one for one in found if one.startswith(f"stages[0].steps[0].{name}: ")]
        assert all(f"{name}: {said}" in one for said in words)


def test_an_override_is_not_judged_by_a_template_beside_it() -> None:
    one = tenant("a", variables=NEEDS, overrides={"tied": {"beside": "y", "plain": "x"}})
    given = plan("p", [one], [{"name": "s", "steps": [{"type": "tied", "region": REGION}]}])
    (found,) = validate_plan(given, registry=REGISTRY, settings=Settings()).errors
    assert found.path == "tenants[0].overrides.tied.plain"
    given["stages"][0]["steps"][0]["region"] = "{{ tenant.variables.nope }}"
    paths = {one.path for one in validate_plan(given, registry=REGISTRY, settings=Settings()).errors}
    assert paths == {"stages[0].steps[0].region", "tenants[0].overrides.tied.plain"}
