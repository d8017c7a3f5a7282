"""What a step package's own words quote of a secret: what a template gave that speaks of one, or a key says is one."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationInfo, field_validator, model_validator

from orchestrator.domain.errors import Problem
from orchestrator.secrets.quoted import MOST_LOOKED_THROUGH, REFUSED
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from steps import Done, Outcome, Step, StepContext, StepParameters, StepRegistry
from tests.support.plans import plan, tenant

SECRET = "hunter2W-9876"


class Inner(BaseModel):
    mode: Literal["fast", "on"]
    dsn: int = 1


class QuotingParameters(StepParameters):
    quoted: Any = "x"
    plain: Any = "x"
    looked_up: Any = "x"
    beside_it: Any = "x"
    password: Any = "x"
    confirmed: Any = "x"
    options: Any = None
    inner: Inner | None = None
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

    @field_validator("password")
    @classmethod
    def _password(cls, value: Any) -> Any:
        if value != "x":
            raise ValueError(f"unknown: {value!r}")
        return value

    @field_validator("confirmed")
    @classmethod
    def _confirmed(cls, value: Any, info: ValidationInfo) -> Any:
        if value == "typo":
            raise ValueError(f"{value!r} is not {info.data['beside_it']!r}")
        return value

    @field_validator("options")
    @classmethod
    def _options(cls, value: Any) -> Any:
        if value["mode"] not in ("fast", "on"):
            raise ValueError(f"mode {value['mode']!r} is none of 'fast', 'on', of {value['list'][1]!r}")
        return value

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


TEMPLATE = "{{ tenant.variables.db_password }}"


WHOLE = {
    "database": {"user": "bob", "password": SECRET},
    "env": [{"name": "DB_PASSWORD", "value": SECRET}],
    "named": "DB_PASSWORD",
    "its": SECRET,
}


def problems_of(parameters: dict[str, Any], db_password: Any) -> list[Problem]:
    one = tenant("a", variables={"db_password": db_password, "typo": "typo", **WHOLE})
    given = plan("p", [one], [{"name": "s", "steps": [{"type": "quoting", **parameters}]}])
    return list(validate_plan(given, registry=StepRegistry([Quoting()]), settings=Settings()).errors)


VALUES: dict[str, Any] = {
    "a text": SECRET,
    "a long text": SECRET * 30,
    "a list": [SECRET, "other-9876"],
    "a mapping": {"a": {"b": [SECRET]}},
}


@pytest.mark.parametrize("name", ["quoted", "plain", "looked_up", "beside"])
@pytest.mark.parametrize("value", VALUES)
def test_nothing_of_it_is_told(value: str, name: str) -> None:
    (problem,) = problems_of({name: TEMPLATE}, VALUES[value])
    assert "***" in problem.message
    assert SECRET not in str(problem)


TOLD: dict[str, tuple[dict[str, Any], list[tuple[str, Any, str]]]] = {
    "a check of one that looks at another": (
        {"beside_it": TEMPLATE, "confirmed": "{{ tenant.variables.typo }}"},
        [("confirmed", "typo", "'typo' is not '***'")],
    ),
    "words beside a secret": (
        {"options": {"mode": "fsat", "list": [1, TEMPLATE]}},
        [("options", "***", "mode 'fsat' is none of 'fast', 'on', of '***'")],
    ),
    "a member beside a secret": (
        {"inner": {"mode": "fsat", "dsn": TEMPLATE}},
        [("inner.mode", "fsat", "expected 'fast' or 'on'"), ("inner.dsn", "***", "expected a whole number")],
    ),
    "in clear, under such a key": ({"password": SECRET}, [("password", "***", "unknown: '***'")]),
    "in clear, under such a key within": (
        {"options": {"mode": "fsat", "list": ["--token", SECRET]}},
        [("options", "***", "mode 'fsat' is none of 'fast', 'on', of '***'")],
    ),
    "in clear, in what a template gave whole": (
        {"quoted": "{{ tenant.variables.database }}"},
        [("quoted", "***", "unknown: {'user': 'bob', 'password': '***'}")],
    ),
    "in clear, in a list that a template gave whole": (
        {"quoted": "{{ tenant.variables.env }}"},
        [("quoted", "***", "unknown: [{'name': 'DB_PASSWORD', 'value': '***'}]")],
    ),
    "in clear, beside a name that a template gave": (
        {"quoted": {"name": "{{ tenant.variables.named }}", "value": "{{ tenant.variables.its }}"}},
        [("quoted", "***", "unknown: {'name': 'DB_PASSWORD', 'value': '***'}")],
    ),
    "in clear, within a command": (
        {"quoted": f"run --token {SECRET} --mode fsat"},
        [("quoted", "run --token *** --mode fsat", "unknown: 'run --token *** --mode fsat'")],
    ),
    "in clear, in an address": (
        {"plain": f"redis://u:{SECRET}@h/0"},
        [("plain", "redis://***@h/0", "knows no redis://***@h/0, so far")],
    ),
    "in clear, in a query": (
        {"plain": f"http://h/?token={SECRET}&mode=fsat"},
        [("plain", "http://h/?***", "knows no http://h/?***, so far")],
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_all_else_is_told(case: str) -> None:
    parameters, told = TOLD[case]
    found = [
        (one.path.removeprefix("stages[0].steps[0]."), one.value, one.message.removesuffix(", for tenants[0]"))
        for one in problems_of(parameters, SECRET)
    ]
    assert found == told


def test_a_message_that_is_too_long_to_be_looked_through_is_not_told() -> None:
    found = problems_of({"plain": '\\"' * MOST_LOOKED_THROUGH}, SECRET)
    assert [one.message for one in found] == [REFUSED]
