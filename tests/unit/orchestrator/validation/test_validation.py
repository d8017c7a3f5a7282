from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.config import PlanSpec
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.plans.plan import make_plan
from orchestrator.settings.model import Settings
from orchestrator.validation import Validated, validate_plan
from orchestrator.validation.findings import LIMIT
from steps import load_registry
from tests.support.long import IS_LONG, longer
from tests.support.right_plan import right_plan, right_tenant

REGISTRY = load_registry()


def validated(plan: Any) -> Validated:
    return validate_plan(plan, registry=REGISTRY, settings=Settings())


def errors(plan: Any) -> dict[str, str]:
    result = validated(plan)
    assert result.plan is None
    assert all(isinstance(problem.value, str | int | float | bool | None) for problem in result.errors)
    return {problem.path: problem.message for problem in result.errors}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The right plan with one place changed (``...`` removes it)."""
    plan = right_plan()
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = plan
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return plan


def test_a_right_plan() -> None:
    for given_plan in (right_plan(), PlanSpec.model_validate(right_plan())):
        result = validated(given_plan)
        assert (result.errors, result.warnings) == ([], [])
        assert result.require() == make_plan(right_plan())


@pytest.mark.parametrize(
    ("path", "value", "problem", "words"),
    [
        ("name", ..., "name", "missing"),
        ("max_concurrency", ..., "max_concurrency", "missing"),
        ("stages", ..., "stages", "missing"),
        ("tenants", ..., "tenants", "missing"),
        ("stages", [], "stages", "at least one"),
        ("tenants", [], "tenants", "at least one"),
        ("stages", None, "stages", "expected a list"),
        ("tenants", {"a": 1}, "tenants", "expected a list"),
        ("max_concurrency", 0, "max_concurrency", "whole number of at least 1"),
        ("max_concurrency", -3, "max_concurrency", "whole number of at least 1"),
        ("max_concurrency", "4", "max_concurrency", "whole number"),
        ("max_concurrency", True, "max_concurrency", "whole number"),
        ("max_concurrency", 1.5, "max_concurrency", "whole number"),
        ("task_timeout_seconds", 0, "task_timeout_seconds", "more than 0"),
        ("task_timeout_seconds", float("nan"), "task_timeout_seconds", "finite"),
        ("plan_id", "a b", "plan_id", "letters, digits"),
        ("name", "", "name", "at least 1 character"),
        ("name", 3, "name", "expected text"),
        ("max_concurency", 3, "max_concurency", "did you mean 'max_concurrency'?"),
        ("tenant", 3, "tenant", "did you mean 'tenants'?"),
        ("maxConcurrency", 3, "max_concurrency", "given twice"),
        ("stages.0.name", ..., "stages[0].name", "missing"),
        ("stages.0.steps", [], "stages[0].steps", "at least 1"),
        ("stages.0.step", [], "stages[0].step", "did you mean 'steps'?"),
        ("stages.0.timeout_seconds", "1", "stages[0].timeout_seconds", "a number"),
        ("stages.0.steps.0.type", "config-wirte", "stages[0].steps[0].type", "did you mean 'config-write'?"),
        ("stages.0.steps.0.type", ..., "stages[0].steps[0].type", "missing"),
        ("stages.0.steps.2.max_attemps", 3, "stages[0].steps[2].max_attemps", "did you mean 'max_attempts'?"),
        ("stages.0.steps.2.max_attempts", 0, "stages[0].steps[2].max_attempts", "at least 1"),
        ("stages.0.steps.0.key", "{{ tenat.id }}", "stages[0].steps[0].key", "'tenat' is undefined, for tenants[0]"),
        ("tenants.0", "acme", "tenants[0]", "expected a mapping"),
        ("tenants.0.tenant_id", ..., "tenants[0].tenant_id", "missing"),
        ("tenants.0.tenant_id", 7, "tenants[0].tenant_id", "expected text"),
        ("tenants.0.tenant_id", "a b", "tenants[0].tenant_id", "without spaces"),
        ("tenants.0.tenant_id", "x" * 200_000, "tenants[0].tenant_id", "at most 128 characters"),
        (
            "tenants.0.deploy_unit_version",
            1.1,
            "tenants[0].deploy_unit_version",
            "text or a whole number; quote it: as numbers 1.10 is 1.1 and 1e3 is 1000.0",
        ),
        ("tenants.0.deploy_unit_version", True, "tenants[0].deploy_unit_version", "text or a whole number"),
        ("tenants.0.deploy_unit_versio", 1, "tenants[0].deploy_unit_versio", "did you mean 'deploy_unit_version'?"),
        ("tenants.0.network_endpoints.0.valeu", "x", "tenants[0].network_endpoints[0].valeu", "did you mean 'value'?"),
        ("tenants.0.network_endpoints.0", 3, "tenants[0].network_endpoints[0]", "expected a mapping"),
        ("tenants.0.network_endpoints.0.value", "ftp://x/y", "tenants[0].network_endpoints[0].value", "http"),
        ("tenants.0.network_endpoints.0.value", "gw", "tenants[0].network_endpoints[0].value", "target_domain"),
        ("tenants.0.network_endpoints.0.value", "http://h:99999/", "tenants[0].network_endpoints[0].value", "[Pp]ort"),
        ("tenants.0.network_endpoints", [], "tenants[0].network_endpoints", "at least one endpoint"),
        ("tenants.0.variables", {"a": {1, 2}}, "tenants[0].variables.a", "JSON value"),
        ("tenants.0.variables", {"a": float("nan")}, "tenants[0]", "not finite"),
        ("tenants.0.variables", {"a": "\ud800"}, "tenants[0]", "not valid Unicode"),
        ("stages.0.steps.0.value", {"a": "\ud800"}, "stages[0].steps[0].value.a", "valid Unicode"),
        ("stages.0.steps.0.value", "{{ '\\ud800' }}", "stages[0].steps[0].value", "not valid Unicode"),
        ("stages.0.steps.0.key", "\ud800", "stages[0].steps[0].key", "valid Unicode"),
        ("stages.0.steps.1.channel", "\udfff", "stages[0].steps[1].channel", "valid Unicode"),
        ("stages.0.steps.1.message", ["\ud800"], "stages[0].steps[1].message[0]", "valid Unicode"),
        ("name", "\ud800", "name", "valid Unicode"),
        ("stages.0.name", "\ud800", "stages[0].name", "valid Unicode"),
        ("tenants.0.tenant_id", "\ud800", "tenants[0].tenant_id", "valid Unicode"),
        ("tenants.0.network_endpoints.0.key", "\ud800", "tenants[0].network_endpoints[0].key", "valid Unicode"),
        ("tenants.0.variables", {"a": "x" * 300_000}, "tenants[0]", "at most 262144"),
        (
            "tenants.0.overrides",
            {"helth_check": {}},
            "tenants[0].overrides.helth_check",
            "did you mean 'health_check'?",
        ),
        ("tenants.0.overrides", {"health_check": 3}, "tenants[0].overrides.health_check", "expected a mapping"),
        (
            "tenants.0.overrides",
            {"healthCheck": {"max_attempts": 0}},
            "tenants[0].overrides.healthCheck.max_attempts",
            "at least 1",
        ),
        (
            "tenants.0.source_tenant_deploy_config.tenant_id",
            "x",
            "tenants[0].source_tenant_deploy_config.tenant_id",
            "own",
        ),
        (
            "tenants.0.source_tenant_deploy_config.source_tenant_deploy_config",
            {},
            "tenants[0].source_tenant_deploy_config.source_tenant_deploy_config",
            "unknown key",
        ),
        (
            "tenants.0.source_tenant_deploy_config.network_endpoints",
            [{"value": "nonsense"}],
            "tenants[0].source_tenant_deploy_config.network_endpoints[0].value",
            "http",
        ),
    ],
)
def test_each_mistake_is_one_message(path: str, value: Any, problem: str, words: str) -> None:
    plan = changed(path, value)
    before = copy.deepcopy(plan) if "nan" not in str(value) else None
    found = errors(plan)
    assert list(found) == [problem]
    assert re.search(words if words == "[Pp]ort" else re.escape(words), found[problem])
    assert before is None or plan == before


def test_all_at_once_and_what_is_right_is_still_checked() -> None:
    plan = right_plan()
    plan["max_concurrency"] = 0
    plan["stages"][0]["timeout_seconds"] = -1
    plan["stages"].append({"name": "second", "steps": [{"type": "broadcast", "channel": "{{ nope }}", "message": 1}]})
    plan["tenants"] += [right_tenant("acme"), right_tenant("x y"), right_tenant("globex", network_endpoints=[{}])]
    found = errors(plan)
    assert list(found) == [
        "max_concurrency",
        "stages[0].timeout_seconds",
        "tenants[2].tenant_id",
        "tenants[1].tenant_id",
        "stages[1].steps[0].channel",
        "tenants[3].network_endpoints[0].value",
    ]
    assert found["tenants[1].tenant_id"] == "the same as tenants[0].tenant_id; expected each once"
    assert found["stages[1].steps[0].channel"].endswith("for tenants[0] and 3 more")


def test_health_check_needs_an_expected_version() -> None:
    plan = changed("stages.0.steps.0.value", "any")
    del plan["tenants"][0]["deploy_unit_version"]
    # The config to go back to has one of its own, so only the new config lacks it.
    ((path, message),) = errors(plan).items()
    assert path == "tenants[0].deploy_unit_version"
    assert "stages[0].steps[2]" in message
    plan["stages"][0]["steps"][2]["expected_version"] = "42"
    assert validated(plan).plan is not None


def test_two_stages_of_one_name() -> None:
    plan = right_plan()
    plan["stages"].append(copy.deepcopy(plan["stages"][0]))
    assert errors(plan) == {"stages[1].name": "the same as stages[0].name; expected each once"}


def test_the_config_to_go_back_to_is_rendered_too() -> None:
    plan = changed("stages.0.steps.0.value", "{{ tenant.variables.colour }}")
    plan["tenants"][0]["variables"] = {"colour": "green"}
    plan["tenants"][0]["source_tenant_deploy_config"]["variables"] = {"color": "blue"}
    ((path, message),) = errors(plan).items()
    assert path == "stages[0].steps[0].value"
    assert "did you mean 'color'" in message
    assert "(in source_tenant_deploy_config)" in message


def test_a_long_value_is_cut() -> None:
    (problem,) = validated(changed("tenants.0.tenant_id", "x" * 200_000)).errors
    assert problem.value == "x" * 200 + "…"


def test_more_problems_than_anybody_reads_are_counted() -> None:
    plan = right_plan()
    plan["tenants"] = [right_tenant(f"t {n}") for n in range(250)]
    result = validated(plan)
    assert len(result.errors) == LIMIT + 1
    assert result.errors[-1] == Problem("", None, f"and {250 - LIMIT} more problems")
    with pytest.raises(InvalidInput, match="and 150 more problems"):
        result.require()


def test_warnings() -> None:
    plan = right_plan()
    plan["max_concurrency"] = 10
    plan["stages"].append({"name": "look", "steps": [{"type": "health-check"}]})
    plan["tenants"] += [right_tenant(f"t-{n}", source_tenant_deploy_config=None) for n in range(5)]
    result = validated(plan)
    assert result.plan is not None
    assert [warning.path for warning in result.warnings] == ["stages[1]", "tenants", "max_concurrency"]
    assert "5 of 6 tenants" in result.warnings[1].message


@pytest.mark.parametrize("raw", [None, [], "plan", 3, {}, {1: 2}, {"tenants": [None], "stages": [None]}])
def test_anything_gives_an_answer(raw: Any) -> None:
    assert validated(raw).errors


leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["{{ tenant.tenant_id }}", "{{ x }}", "{% for a in b %}", "http://x:1", "\ud800", "noop"])
)
WORDS = (
    "type", "name", "steps", "channel", "message", "key", "value", "path", "overrides", "variables", "healthCheck",
    "tenant_id", "target_ip",
)  # fmt: skip
words = st.sampled_from(WORDS)
anything = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=3), inner, max_size=3)
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in items for place in places(item, (*path, key))]


@longer
@settings(max_examples=200 if IS_LONG else 50, deadline=None)
@given(st.data())
def test_fuzzed_plans_are_valid_or_refused(data: st.DataObject) -> None:
    plan = right_plan()
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(places(plan)))
        place: Any = plan
        for part in parents:
            place = place[part]
        if isinstance(place, dict) and data.draw(st.booleans()):
            place[data.draw(words | st.text(max_size=4))] = data.draw(anything)
        else:
            place[last] = data.draw(anything)
    result = validated(plan)
    assert (result.plan is None) == bool(result.errors)
    for problem in (*result.errors, *result.warnings):
        str(problem).encode()
        assert problem.message


def test_nesting_is_bounded_for_values_too() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"a": deep}
    loop: list[Any] = []
    loop.append(loop)
    for value in (deep, loop):
        (problem,) = validated(right_plan() | {"variables": value}).errors
        assert "nested more than 64 levels deep" in problem.message
