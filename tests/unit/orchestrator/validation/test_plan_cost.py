"""What all templates of a plan may cost together when it is checked."""

from __future__ import annotations

from typing import Any

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
    where = "range(1000)|map('string')|map('int')|sort|map('string')|map('int')|list|length > %d"
    waves = [{"name": f"w{number}", "tenants": {"where": where % (1000 + number)}} for number in range(30)]
    made = plan(LIGHT, 50, 1) | {"waves": [*waves, {"name": "rest"}]}
    errors = validate_plan(made).errors
    assert [error.path for error in errors] == ["waves"]
    assert errors[0].message.startswith("the templates and expressions of this plan cost more than")
