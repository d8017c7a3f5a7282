from __future__ import annotations

import gc
import tracemalloc
from typing import Any, ClassVar

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.plans.tenant_config import full_config
from orchestrator.settings.model import HealthCheckSettings, Settings
from orchestrator.stages.built_step import BuiltStep
from orchestrator.stages.stage_factory import MOST_CHARACTERS, StageFactory
from orchestrator.templates.variables import template_variables
from steps import Done, HealthCheck, Outcome, Step, StepContext, StepParameters, StepRegistry, load_registry

PLAN = {"plan_id": "p-1", "name": "Plan"}


class CountParameters(StepParameters):
    how_many: int
    label: str = "none"


class Count(Step[CountParameters]):
    name: ClassVar[str] = "count"
    Parameters = CountParameters

    def run(self, parameters: CountParameters, context: StepContext) -> Outcome:
        return Done()


def factory(**health: Any) -> StageFactory:
    return StageFactory(load_registry(), Settings(health_check=HealthCheckSettings(**health)))


def config(**changes: Any) -> dict[str, Any]:
    return full_config({"tenant_id": "acme", "deploy_unit_version": 42, **changes})


def built(step: dict[str, Any], made: StageFactory | None = None, **changes: Any) -> BuiltStep:
    stage = {"name": "s", "steps": [step]}
    (only,) = (made or factory()).build_stage(stage, config(**changes), PLAN)
    return only


def problems(step: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    try:
        compiled = factory().compile_stage({"name": "s", "steps": [{"type": "noop"}, step]}, "stages[0]")
        compiled.build(config(**changes), {"tenant": config(**changes), "plan": PLAN})
    except InvalidInput as error:
        return [(problem.path, problem.message) for problem in error.problems]
    return []


def test_precedence_default_application_plan_tenant() -> None:
    step: dict[str, Any] = {"type": "health-check"}

    def interval(given: dict[str, Any], made: StageFactory, **changes: Any) -> float:
        value: float = built(given, made, **changes).parameters.interval_seconds  # type: ignore[attr-defined]
        return value

    default = HealthCheck.Parameters.model_fields["interval_seconds"].default
    application = factory(interval_seconds=7)
    tenant = {"overrides": {"health_check": {"interval_seconds": 0.5}}}
    assert interval(step, factory()) == default
    assert interval(step, application) == 7
    assert interval({**step, "interval_seconds": 2}, application) == 2
    assert interval({**step, "interval_seconds": 2}, application, **tenant) == 0.5
    assert interval(step, application, **tenant) == 0.5


@pytest.mark.parametrize("name", HealthCheckSettings.model_fields)
def test_every_application_setting_of_the_health_check_is_used(name: str) -> None:
    values = {"interval_seconds": 9, "max_attempts": 8, "path": "/x", "version_key": "v", "timeout_seconds": 6} | {
        "consecutive_successes": 2,
        "fail_fast": True,
    }
    parameters = built({"type": "health-check"}, factory(**{name: values[name]})).parameters
    assert getattr(parameters, name) == values[name]


@pytest.mark.parametrize("key", ["health_check", "health-check", "healthCheck"])
@pytest.mark.parametrize("name", ["max_attempts", "maxAttempts"])
def test_overrides_in_any_spelling(key: str, name: str) -> None:
    parameters = built({"type": "health-check", "maxAttempts": 5}, overrides={key: {name: 2}}).parameters
    assert parameters.max_attempts == 2  # type: ignore[attr-defined]


def test_templates_in_parameters_and_overrides() -> None:
    step = {"type": "config-write", "key": "c:{{ tenant.tenant_id }}", "value": "{{ tenant.deploy_unit_version }}"}
    parameters: Any = built(step).parameters
    assert (parameters.key, parameters.value) == ("c:acme", 42)
    parameters = built(step, overrides={"config_write": {"field": "{{ plan.plan_id }}"}}).parameters
    assert (parameters.key, parameters.field) == ("c:acme", "p-1")
    parameters = built({"type": "noop"}, overrides={"broadcast": {"channel": "x"}}).parameters
    health: Any = built({"type": "health-check", "max_attempts": "{{ tenant.variables.n }}"}, variables={"n": 6})
    assert health.parameters.max_attempts == 6


def test_one_tenants_values_never_reach_another() -> None:
    made = factory()
    step = {"type": "config-write", "key": "{{ tenant.tenant_id }}", "value": {"v": ["{{ tenant.variables.v }}"]}}
    first: Any = built(step, made, variables={"v": 1}).parameters
    second: Any = built(step, made, tenant_id="globex", variables={"v": 2}).parameters
    assert (first.key, first.value, second.key, second.value) == ("acme", {"v": [1]}, "globex", {"v": [2]})
    built({"type": "health-check"}, made, overrides={"health_check": {"max_attempts": 1}})
    plain: Any = built({"type": "health-check"}, made).parameters
    assert plain.max_attempts == HealthCheckSettings().max_attempts


@pytest.mark.parametrize(
    ("step", "path", "words"),
    [
        ({"type": "helth-check"}, "stages[0].steps[1].type", "unknown step type; did you mean 'health-check'?"),
        ({"type": "zzzz"}, "stages[0].steps[1].type", "unknown step type; known: broadcast,"),
        ({"type": "broadcast", "chanel": "x"}, "stages[0].steps[1].chanel", "did you mean 'channel'?"),
        ({"type": "broadcast", "message": 1}, "stages[0].steps[1].channel", "missing"),
        ({"type": "health-check", "max_attempts": 0}, "stages[0].steps[1].max_attempts", "whole number of at least 1"),
        ({"type": "health-check", "maxAttempts": "x"}, "stages[0].steps[1].max_attempts", "a whole number"),
        (
            {"type": "health-check", "max_attempts": 1, "maxAttempts": 2},
            "stages[0].steps[1].maxAttempts",
            "given twice",
        ),
        ({"type": "broadcast", "channel": "{{ x }}", "message": 1}, "stages[0].steps[1].channel", "'x' is undefined"),
        (
            {"type": "broadcast", "channel": "c", "message": {"a": ["{{ x }}"]}},
            "stages[0].steps[1].message.a[0]",
            "'x'",
        ),
        ({"type": "broadcast", "channel": "{{ x", "message": 1}, "stages[0].steps[1].channel", "template syntax"),
        ({"type": "health-check", "max_attempts": "{{ 0 }}"}, "stages[0].steps[1].max_attempts", "at least 1"),
    ],
)
def test_mistakes_in_the_plan(step: dict[str, Any], path: str, words: str) -> None:
    found = problems(step)
    assert found[0][0] == path
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"interval": 1}, "overrides.healthCheck.interval", "did you mean 'interval_seconds'?"),
        ({"intervalSeconds": -1}, "overrides.healthCheck.interval_seconds", "more than 0"),
        ({"path": "{{ x }}"}, "overrides.healthCheck.path", "'x' is undefined"),
        ({"path": "{{ x"}, "overrides.healthCheck.path", "template syntax"),
    ],
)
def test_mistakes_in_overrides(values: dict[str, Any], path: str, words: str) -> None:
    ((found, message),) = problems({"type": "health-check"}, overrides={"healthCheck": values})
    assert found == path
    assert words in message


def test_a_step_of_another_package() -> None:
    made = StageFactory(StepRegistry([Count()]), Settings())
    assert built({"type": "count", "howMany": 2}, made).parameters == CountParameters(how_many=2)
    assert made.step_types == {"count"}
    assert (
        built({"type": "count", "how_many": 2}, made).step
        is made.build_stage({"name": "t", "steps": [{"type": "count", "how_many": "{{ 3 }}"}]}, config(), PLAN)[0].step
    )


def test_the_templates_of_a_stage_are_bounded_together() -> None:
    # Each does what one evaluation may do, or nearly.
    heavy = "{{ range(1000) | map('string') | map('upper') | map('lower') | map('title') | list | length }}"
    one = {"type": "count", "how_many": heavy}
    made = StageFactory(StepRegistry([Count()]), Settings())
    (few,) = made.build_stage({"name": "s", "steps": [one]}, config(), PLAN)
    assert few.parameters == CountParameters(how_many=1000)
    with pytest.raises(InvalidInput) as caught:
        made.build_stage({"name": "s", "steps": [one] * 200}, config(), PLAN)
    assert {problem.message for problem in caught.value.problems} == {
        "the template does too much, together with those before it for this tenant's stage"
    }
    # The next stage begins anew.
    assert made.build_stage({"name": "s", "steps": [one]}, config(), PLAN) == [few]


def test_what_is_kept_compiled_is_bounded_by_its_size() -> None:
    made = factory()
    size = MOST_CHARACTERS // 8
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(40):
            text = f"{number:04}".ljust(size, "x")
            built({"type": "broadcast", "channel": "c", "message": text}, made)
            # And an override of one step, another for each tenant.
            overrides = {"broadcast": {"message": text}}
            built({"type": "broadcast", "channel": "c", "message": "short"}, made, overrides=overrides)
        del text, overrides
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Twenty times the bound went through. Of the stages the text is held as key, as written and as checked.
    assert kept < 8 * MOST_CHARACTERS


def test_a_shared_override_is_checked_once() -> None:
    made = factory()
    step: dict[str, Any] = {"type": "health-check"}
    overrides = {"overrides": {"health_check": {"interval_seconds": 0.5}}}
    assert built(step, made, **overrides) is built(step, made, **overrides)
    other = built({**step, "max_attempts": 3}, made, **overrides)
    assert other is not built(step, made, **overrides)
    assert other.parameters.max_attempts == 3  # type: ignore[attr-defined]


def test_a_step_keeps_the_name_that_it_came_with() -> None:
    step = Count()
    made = StageFactory(StepRegistry([step]), Settings())
    stage = made.compile_stage(
        {"name": "s", "steps": [{"type": "count", "how_many": "{{ tenant.deploy_unit_version }}"}]}
    )
    step.__dict__["name"] = None
    (built_step,) = stage.build(config(), template_variables(config(), PLAN))
    assert built_step.name == "count"
    with pytest.raises(InvalidInput, match="parameter of count"):
        stage.build(config(overrides={"count": {"how_mny": 1}}), template_variables(config(), PLAN))
