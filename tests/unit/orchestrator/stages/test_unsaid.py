"""What a step package's own words quote of what a template gave that speaks of a secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import field_validator, model_validator

from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import Done, Outcome, Step, StepContext, StepParameters, StepRegistry
from tests.support.plans import plan, tenant

SECRET = "hunter2W-9876"


class QuotingParameters(StepParameters):
    quoted: Any = "x"
    plain: Any = "x"
    looked_up: Any = "x"
    beside: Any = "x"

    @field_validator("quoted")
    @classmethod
    def _quoted(cls, value: Any) -> Any:
        if value != "x":
            raise ValueError(f"unknown: {value!r}")
        return value

    @field_validator("plain")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if value != "x":
            raise ValueError(f"knows no {value}, so far")
        return value

    @field_validator("looked_up")
    @classmethod
    def _looked_up(cls, value: Any) -> Any:
        return {"x": "x"}[str(value)]

    @model_validator(mode="after")
    def _beside(self) -> QuotingParameters:
        if self.beside != "x":
            raise ValueError(f"{self.beside} does not go with {self.quoted}")
        return self


class Quoting(Step[QuotingParameters]):
    name = "quoting"
    Parameters = QuotingParameters

    def run(self, parameters: QuotingParameters, context: StepContext) -> Outcome:
        return Done()


VALUES: dict[str, Any] = {
    "a text": SECRET,
    "a long text": SECRET * 30,
    "a list": [SECRET, "other-9876"],
    "a mapping": {"a": {"b": [SECRET]}},
}


@pytest.mark.parametrize("name", ["quoted", "plain", "looked_up", "beside"])
@pytest.mark.parametrize("value", VALUES)
def test_nothing_of_it_is_told(value: str, name: str) -> None:
    one = tenant("a", variables={"db_password": VALUES[value]})
    step = {"type": "quoting", name: "{{ tenant.variables.db_password }}"}
    given = plan("p", [one], [{"name": "s", "steps": [step]}])
    (problem,) = validate_plan(given, registry=StepRegistry([Quoting()]), settings=Settings()).errors
    assert "***" in problem.message
    assert SECRET not in str(problem)
