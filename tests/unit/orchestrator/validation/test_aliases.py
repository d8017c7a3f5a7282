"""A parameter that has another name in Python is told everywhere as people write it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, field_validator

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import Done, Needs, Outcome, Step, StepContext, StepParameters, StepRegistry
from tests.support.plans import plan, tenant


class AliasedParameters(StepParameters):
    from_: Annotated[Any, Field(alias="from")] = None
    import_: Annotated[dict[str, str] | None, Field(alias="import")] = None

    @field_validator("from_")
    @classmethod
    def _judged(cls, value: Any) -> Any:
        return {5: 1}[5 if value != "raise" else value]

    def needs(self) -> Needs:
        return Needs(connections={"import_.name": self.import_["name"]} if self.import_ else {})


class Aliased(Step[AliasedParameters]):
    name = "aliased"
    Parameters = AliasedParameters

    def run(self, parameters: AliasedParameters, context: StepContext) -> Outcome:
        return Done()


WRONG: dict[str, tuple[Any, str]] = {
    "a template": ({"from": {"a": "{{ tenant.nmae }}"}}, "from.a"),
    "its syntax": ({"from": ["{{ (( }}"]}, "from[0]"),
    "a secret's scope": ({"from": {"a": "{{ secret.ALIASED }}"}}, "from.a"),
    "code that raises": ({"from": "raise"}, "from"),
    "a shape": ({"import": {"a": 5}}, "import.a"),
    "what it reaches for": ({"import": {"name": "nope"}}, "import.name"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_path_of_a_mistake_has_the_name_that_people_write(name: str) -> None:
    given, path = WRONG[name]
    settings = Settings.model_validate({"secrets": {"ALIASED": {"steps": "noop"}}})
    for step, overrides, where in (
        (given, {}, "stages[0].steps[0]"),
        ({}, {"aliased": given}, "tenants[0].overrides.aliased"),
    ):
        stages = [{"name": "s", "steps": [{"type": "aliased", **step}]}]
        one = plan("p", [tenant("a", overrides=overrides)], stages)
        (found,) = validate_plan(one, registry=StepRegistry([Aliased()]), settings=settings).errors
        # Of what a step reaches for, and what raises, it is not known where it was given.
        assert found.path in (f"{where}.{path}", f"stages[0].steps[0].{path}")
