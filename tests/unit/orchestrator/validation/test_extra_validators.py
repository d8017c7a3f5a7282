"""Validators that other packages bring: what they see, what they say, and what a broken one does."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from orchestrator.settings.model import Settings
from orchestrator.validation import Finding, PlanView, Validated, error, extra, validate_plan, warning
from steps import load_registry
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
