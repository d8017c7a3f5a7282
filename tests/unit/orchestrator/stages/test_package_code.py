"""Code of a step's package that runs while a plan is looked at: what it raises is one masked mistake of that step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import field_validator, model_validator

from orchestrator.domain.errors import InvalidInput
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.preview import preview_plan
from steps import Done, Needs, Outcome, Step, StepContext, StepParameters, StepRegistry
from tests.support.hostile_errors import SECRET
from tests.support.plans import plan, tenant

FAULTS: dict[str, Callable[[], BaseException]] = {
    "key": lambda: KeyError(SECRET),
    "exit": lambda: SystemExit(0),
    "exit with a secret": lambda: SystemExit(SECRET),
    "no words": lambda: NoWords("x"),
}


class NoWords(ValueError):
    def __str__(self) -> str:
        raise SystemExit(SECRET)

    __repr__ = __str__


class Odd:
    def __str__(self) -> str:
        raise SystemExit(SECRET)


def _none() -> BaseException | None:
    return None


class Fault:
    of_field: Callable[[], BaseException | None] = staticmethod(_none)
    of_model: Callable[[], BaseException | None] = staticmethod(_none)
    needs: Callable[[], Any] = staticmethod(Needs)


def _raise(error: BaseException | None) -> None:
    if error is not None:
        raise error


class FaultyParameters(StepParameters):
    a: str = "x"
    odd: Any = None

    @field_validator("a")
    @classmethod
    def _of_field(cls, value: str) -> str:
        _raise(Fault.of_field())
        return value

    @model_validator(mode="after")
    def _of_model(self) -> FaultyParameters:
        _raise(Fault.of_model())
        return self

    def needs(self) -> Needs:
        found = Fault.needs()
        _raise(found if isinstance(found, BaseException) else None)
        return found  # type: ignore[no-any-return]


class Faulty(Step[FaultyParameters]):
    name = "faulty"
    Parameters = FaultyParameters

    def run(self, parameters: FaultyParameters, context: StepContext) -> Outcome:
        return Done()


@pytest.fixture(autouse=True)
def known_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))


def told(a: str, path: str) -> str:
    given = plan("p", [tenant("a")], [{"name": "s", "steps": [{"type": "faulty", "a": a}]}])
    (problem,) = validate_plan(given, registry=StepRegistry([Faulty()]), settings=Settings()).errors
    assert problem.path == path
    assert SECRET not in str(problem)
    assert "faulty" in str(problem)
    return problem.message


@pytest.mark.parametrize("a", ["x", "{{ tenant.tenant_id }}"], ids=["for all", "of a tenant"])
@pytest.mark.parametrize("fault", FAULTS)
def test_validators(fault: str, a: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fault, "of_field", FAULTS[fault])
    told(a, "stages[0].steps[0]" + ("" if fault == "no words" else ".a"))
    monkeypatch.setattr(Fault, "of_field", _none)
    monkeypatch.setattr(Fault, "of_model", FAULTS[fault])
    told(a, "stages[0].steps[0]")


@pytest.mark.parametrize("a", ["x", "{{ tenant.tenant_id }}"], ids=["for all", "of a tenant"])
@pytest.mark.parametrize("fault", FAULTS)
def test_needs_that_raise(fault: str, a: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fault, "needs", FAULTS[fault])
    told(a, "stages[0].steps[0]")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "needs() answered a NoneType, expected steps.contract.Needs"),
        (Needs(urls={"a": 7}), "needs() answered urls with a int, expected text by parameter"),  # type: ignore[dict-item]
        (Needs(keys=None), "has no attribute 'items'"),  # type: ignore[arg-type]
    ],
    ids=["none", "a number", "no mapping"],
)
def test_needs_that_are_none(answer: object, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fault, "needs", lambda: answer)
    assert said in told("x", "stages[0].steps[0]")


def test_what_is_shown_of_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = StepRegistry([Faulty()])
    given = plan("p", [tenant("a")], [{"name": "s", "steps": [{"type": "faulty"}]}])
    checked = validate_plan(given, registry=registry, settings=Settings()).require()
    monkeypatch.setattr(FaultyParameters, "__iter__", lambda self: iter([("odd", Odd())]))
    with pytest.raises(InvalidInput, match="code of step faulty raised SystemExit: \\*\\*\\*"):
        list(preview_plan(checked, Settings(), registry))


@pytest.mark.parametrize("refusal", [ValueError(), AssertionError(" ")])
def test_a_validator_that_says_nothing_is_told_as_one(refusal: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fault, "of_field", lambda: refusal)
    given = plan("p", [tenant("a")], [{"name": "s", "steps": [{"type": "faulty", "a": "x"}]}])
    (problem,) = validate_plan(given, registry=StepRegistry([Faulty()]), settings=Settings()).errors
    assert str(problem) == "stages[0].steps[0].a: is refused by a check that does not say why (got 'x')"


def test_a_validator_that_raises_at_a_template_alone_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = iter([KeyError(SECRET)])
    monkeypatch.setattr(Fault, "of_field", lambda: next(faults, None))
    steps = [{"type": "faulty", "a": "{{ tenant.tenant_id }}"}]
    given = plan("p", [tenant("a")], [{"name": "s", "steps": steps}])
    assert validate_plan(given, registry=StepRegistry([Faulty()]), settings=Settings()).errors == []
    assert next(faults, None) is None
