"""Validators that other packages bring: what they see, what they say, and what a broken one does."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from orchestrator.domain.errors import Problem
from orchestrator.settings.model import Settings
from orchestrator.validation import Finding, PlanView, Validated, error, extra, validate_plan, warning
from steps import load_registry
from steps.told import MOST_SAID
from tests.support.counted_calls import counted_calls
from tests.support.right_plan import right_plan, right_tenant

HERE = __name__


def regions(plan: PlanView) -> Iterator[Finding]:
    for index, tenant in plan.tenants:
        if "region" not in tenant.variables:
            yield error(f"tenants[{index}].variables.region", None, "missing; every tenant of ours has one")


def names(plan: PlanView) -> Iterator[Finding]:
    yield warning("name", plan.name, f"{len(plan.stages)} stages, {len(plan.tenants)} tenants")


def broken(plan: PlanView) -> Iterator[Finding]:
    yield warning("name", plan.name, "seen")
    raise RuntimeError("no such table")


class Mute:
    def __str__(self) -> str:
        raise SystemExit("no words")

    __repr__ = __str__


class Odd(str):
    __slots__ = ()

    def __format__(self, form: str) -> str:
        raise SystemExit("no words")

    __str__ = __repr__ = __len__ = __getitem__ = __contains__ = __format__  # type: ignore[assignment]


class OddNumber(float):
    def __eq__(self, other: object) -> bool:
        raise SystemExit("no words")

    __hash__ = float.__hash__


def hostile(plan: PlanView) -> Iterator[Finding]:
    for is_warning in (False, True):
        yield Finding(Problem("a", Mute(), "one"), is_warning)
        yield Finding(Problem(Odd("b"), Odd("value"), Odd("two")), is_warning)
        yield Finding(Problem("e", OddNumber(1), "three"), is_warning)
        yield Finding(Problem("c", "v" * 1_000_000, "m" * 1_000_000), is_warning)
    yield Finding(Problem("d", None, Mute()), is_warning=True)  # type: ignore[arg-type]


def brings(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    points = [EntryPoint(name, f"{HERE}:{name}", extra.ENTRY_POINT_GROUP) for name in found]
    monkeypatch.setattr(extra, "entry_points", lambda group: points if group == extra.ENTRY_POINT_GROUP else [])


def check(plan: object) -> Validated:
    return validate_plan(plan, registry=load_registry(), settings=Settings())  # type: ignore[arg-type]


def test_their_findings_stand_beside_ours_in_the_order_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch, "regions", "names")
    plan = right_plan() | {"max_concurrency": 0}
    plan["tenants"].append(right_tenant("b", deploy_unit_name=7))
    result = check(plan)
    # The second tenant is wrong by itself, so only the first one is shown to them.
    assert [problem.path for problem in result.errors] == [
        "max_concurrency",
        "tenants[1].deploy_unit_name",
        "tenants[0].variables.region",
    ]
    assert [problem.message for problem in result.warnings] == ["1 stages, 1 tenants"]


def test_a_plan_that_pleases_them_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch, "regions")
    assert check(right_plan()).plan is None
    assert check(right_plan() | {"tenants": [right_tenant("a", variables={"region": "eu"})]}).errors == []


@pytest.mark.parametrize("name", ["broken", "missing"])
def test_a_broken_one_lets_no_plan_through(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    brings(monkeypatch, name)
    (problem,) = check(right_plan()).errors
    assert problem.message.startswith(f"validator {name} ({HERE}:{name}) failed: ")


def test_a_further_hundred_tenants_cost_what_the_hundred_before_did(monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch, "regions")
    services = {"portal": {"when": "tenant.variables.region == 'eu'", "steps": right_plan()["stages"][0]["steps"]}}
    chosen = Settings.model_validate({"services": services})

    def calls(count: int) -> int:
        plan = right_plan() | {"service_names": ["portal"]}
        del plan["stages"]
        plan["tenants"] = [right_tenant(f"t{i}", variables={"region": "eu" if i % 2 else "us"}) for i in range(count)]
        with counted_calls() as counted:
            assert validate_plan(plan, registry=load_registry(), settings=chosen).errors == []
        return counted.total()

    # The first call also fills caches.
    _, first, second, third = (calls(count) for count in (1, 100, 200, 300))
    assert 0 < third - second < 1.05 * (second - first)


def test_what_a_finding_brings_is_told_in_bounds_and_without_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch, "hostile")
    found = check(right_plan())
    *told, broken = found.errors
    assert [str(one) for one in told[:3]] == [
        "a: one (got 'a Mute')",
        "b: two (got 'value')",
        "e: three (got 'a OddNumber')",
    ]
    for one in (*told, *found.warnings):
        assert {type(one.path), type(one.value), type(one.message)} == {str}
        assert len(str(one)) < MOST_SAID + 300
    assert len(told) == len(found.warnings) == 4
    assert broken.message.endswith("failed: TypeError: a finding has a Mute for its message, expected text")
