"""Tenant ids that look alike are warned of; those that do not, are not."""

from __future__ import annotations

import pytest

from orchestrator.domain.look_alikes import skeleton
from orchestrator.settings.model import Settings
from orchestrator.validation import validate_plan
from orchestrator.validation.look_alikes import NAMED
from tests.support.right_plan import right_plan, right_tenant


def warnings(*tenant_ids: str) -> list[str]:
    plan = right_plan() | {"tenants": [right_tenant(tenant_id) for tenant_id in tenant_ids]}
    validated = validate_plan(plan, settings=Settings())
    assert not validated.errors
    return [str(warning) for warning in validated.warnings if "look" in warning.message]


@pytest.mark.parametrize(
    "other",
    ["\u0430cme", "acm\u0435", "\uff41cme", "\u1d43cme"],
)
def test_the_same_in_another_alphabet_or_form(other: str) -> None:
    (line,) = warnings("before", "acme", other)
    assert line == f"tenants[2].tenant_id: looks like tenants[1].tenant_id ('acme') and is another tenant ({other!a})"


@pytest.mark.parametrize(
    "pair", [("a1", "al"), ("A0", "AO"), ("e\u0301", "\xe9"), ("a\u2013b", "a-b"), ("\u2160", "I")]
)
def test_more_that_look_alike(pair: tuple[str, str]) -> None:
    assert skeleton(pair[0]) == skeleton(pair[1])
    assert len(warnings(*pair)) == 1


def test_what_does_not() -> None:
    names = (
        "acme",
        "Acme",
        "acme-2",
        "acme-3",
        "\u6771\u4eac",
        "\u4eac\u6771",
        "m\xfcller",
        "muller",
        "\u0434\u043e\u043c",
    )
    assert warnings(*names) == []


def test_many_are_counted() -> None:
    lines = warnings("acme", *(f"acme-{n}" for n in range(20)), *(f"\u0430cme-{n}" for n in range(20)))
    assert len(lines) == NAMED + 1
    assert lines[-1] == "tenants: and 10 more tenant ids look like an earlier one"


@pytest.mark.parametrize("unseen", ["\u3164", "\u200c", "\u034f", "\u180e", "\ufe0f", "\u2800"])
def test_what_nobody_sees_makes_no_difference(unseen: str) -> None:
    assert skeleton(f"ac{unseen}me{unseen}") == skeleton("acme")
