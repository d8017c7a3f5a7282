"""What all templates of a plan may cost together when it is checked."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.plans.wave_conditions import MOST_EVALUATIONS
from orchestrator.plans.waves import MOST_IDS
from orchestrator.templates.condition import fields_read
from orchestrator.validation import validate_plan

HEAVY = "{{ range(1000)|map('string')|map('int')|sort|map('string')|map('int')|list|length ~ '%d' }}"
LIGHT = "{{ range(5)|list|length ~ '%d' }}"


def plan(template: str, tenants: int, templates: int) -> dict[str, Any]:
    values = {f"k{number}": template % number if "%d" in template else template for number in range(templates)}
    return {
        "name": "p",
        "max_concurrency": 2,
        "stages": [{"name": "s", "steps": [{"type": "notify", "url": "http://a.example.com/", "json": values}]}],
        "tenants": [
            {"tenant_id": f"t{number}", "deploy_unit_id": 1, "deploy_unit_version": 2} for number in range(tenants)
        ],
    }


def test_a_plan_whose_templates_cost_too_much_together_is_one_problem() -> None:
    errors = validate_plan(plan(HEAVY, 50, 30)).errors
    assert [error.path for error in errors] == ["stages"]
    assert errors[0].message.startswith("the templates and expressions of this plan cost more than")


def test_cheap_ones_may_be_any_number() -> None:
    assert validate_plan(plan(LIGHT, 100, 60)).errors == []
    # What one plan has used up is not missing in the next.
    assert validate_plan(plan(HEAVY, 1, 2)).errors == []


def test_the_selection_of_waves_counts_too() -> None:
    where = "range(1000)|map('string')|map('int')|sort|map('string')|map('int')|list|length > %d and tenant.tenant_id"
    waves = [{"name": f"w{number}", "tenants": {"where": where % (1000 + number)}} for number in range(30)]
    made = plan(LIGHT, 50, 1) | {"waves": [*waves, {"name": "rest"}]}
    errors = validate_plan(made).errors
    assert "waves" in [error.path for error in errors]
    assert "would take too long" in str(errors)


def fleet(tenants: int, waves: list[dict[str, Any]]) -> dict[str, Any]:
    made = plan(LIGHT, tenants, 0)
    for number, tenant in enumerate(made["tenants"]):
        tenant["labels"] = {"region": f"r{number % 10}"}
    named = [{"name": f"w{number}", "tenants": wave} for number, wave in enumerate(waves)]
    return made | {"waves": [*named, {"name": "rest"}]}


def test_tenants_that_are_alike_are_asked_once() -> None:
    # Each by itself: 99 * 2000 evaluations, twice what may be.
    waves = [{"where": f"tenant.labels.region == 'nowhere-{number}'"} for number in range(99)]
    errors = validate_plan(fleet(2000, waves)).errors
    assert len(errors) == 99
    assert {error.message for error in errors} == {"it takes nobody: no tenant of the plan is such"}


def test_asking_each_of_many_is_bounded() -> None:
    waves = [{"where": f"tenant.tenant_id == 'nobody-{number}'"} for number in range(99)]
    errors = validate_plan(fleet(2000, waves)).errors
    assert "would take too long" in errors[-1].message
    assert (len(errors), errors[-1].path) == (MOST_EVALUATIONS // 2000, "waves")


def test_ids_that_a_wave_cannot_take_are_counted() -> None:
    unknown = [f"u{number}" for number in range(1000)]
    errors = validate_plan(fleet(3, [{"ids": ["t0", *unknown, "t0"]}, {"ids": ["t0", "t1"]}])).errors
    assert [error.path for error in errors[:2]] == ["waves[0].tenants.ids[1]", "waves[0].tenants.ids[2]"]
    assert [str(error) for error in errors[MOST_IDS:]] == [
        f"waves[0].tenants.ids: and {1001 - MOST_IDS} more that it cannot take",
        "waves[1].tenants.ids[0]: an earlier wave has taken it (got 't0')",
    ]


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("tenant.labels.region == 'eu'", {"labels"}),
        ("{{ tenant . labels.x and tenant.deploy_unit_id > 1 }}", {"labels", "deploy_unit_id"}),
        ("1 > 0", set()),
        *((one, None) for one in ("tenant['labels']", "tenant", "tenant.get('x')", "(tenant|list)", "tenant.keys()")),
        *((one, None) for one in ("[tenant][0].labels", "tenant|attr('labels')", "tenant .nosuch == 1")),
    ],
)
def test_the_fields_that_a_condition_reads(expression: str, fields: set[str] | None) -> None:
    assert fields_read(expression) == (None if fields is None else frozenset(fields))
