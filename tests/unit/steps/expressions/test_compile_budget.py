"""What compiling costs is bounded by counts, for one text and for all of a plan together."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.templates.templates import TemplateFault, render
from orchestrator.validation import validate_plan
from steps.expressions.compile_budget import EACH_COSTS, MOST_PARTS, MOST_PARTS_TOGETHER, bounded_compiling
from steps.expressions.judgement import EXPRESSION_LIMIT, check_expression
from tests.support.long import mostly_long

IN = " in a" * (MOST_PARTS // 2 - 2)
"""Two parts a piece: the dearest that is known."""


def plan(templates: list[str], conditions: list[str]) -> dict[str, Any]:
    polls = [{"type": "poll", "url": "http://h/", "until": one} for one in conditions]
    steps = [{"type": "notify", "url": "http://h/", "json": templates}, *polls]
    stages = [{"name": f"s{n}", "steps": steps[n : n + 90]} for n in range(0, len(steps), 90)]
    return {"name": "n", "max_concurrency": 1, "stages": stages, "tenants": [{"tenant_id": "t"}]}


def test_one_template_has_a_bound() -> None:
    assert render("{{ a" + IN.replace(" in ", " ~ ") + " }}", {"a": ""}) == ""
    with pytest.raises(TemplateFault, match=f"has more than {MOST_PARTS} parts"):
        render("{{ a" + IN + " in a in a }}", {"a": 1})


def test_one_expression_has_a_bound() -> None:
    with pytest.raises(ValueError, match=f"has more than {MOST_PARTS} parts|nested too deeply"):
        check_expression("-" * (EXPRESSION_LIMIT - 1) + "1")


@pytest.mark.parametrize("kind", mostly_long(["templates", "conditions", "small templates"], "templates"))
def test_all_of_a_plan_have_a_bound(kind: str) -> None:
    many = 2 * MOST_PARTS_TOGETHER // MOST_PARTS
    texts = {
        "templates": ([f"{{{{ a{n}{IN} }}}}" for n in range(many)], []),
        "conditions": ([], [f"c{n}" + " in a" * (EXPRESSION_LIMIT // 5 - 2) for n in range(3 * many)]),
        "small templates": ([f"{{{{ s{n} }}}}" for n in range(MOST_PARTS_TOGETHER // EACH_COSTS)], []),
    }
    problems = [str(problem) for problem in validate_plan(plan(*texts[kind])).errors]
    assert any(f"have more than {MOST_PARTS_TOGETHER} parts together" in problem for problem in problems)


def _use_up() -> None:
    for number in range(MOST_PARTS_TOGETHER // MOST_PARTS * 2):
        render(f"{{# {number} #}}{'{{ a }}' * (MOST_PARTS // 3 - 2)}", {"a": 1})


@pytest.mark.parametrize("wrong", ["{{ a" + IN + " in a in a }}", "{{ a" + IN[: len(IN) // 2] + " ` }}"])
def test_what_is_too_long_or_cannot_be_read_is_counted_too(wrong: str) -> None:
    with bounded_compiling():
        for number in range(MOST_PARTS_TOGETHER * 2 // MOST_PARTS + 1):
            with pytest.raises(TemplateFault):
                render(f"{{# counted {number} #}}{wrong}", {"a": 1})
        with pytest.raises(TemplateFault, match="together"):
            render("{{ after_the_wrong }}", {"after_the_wrong": 1})


def test_what_another_has_used_up_is_no_fault_of_this_one() -> None:
    with bounded_compiling():
        with pytest.raises(TemplateFault, match="together"):
            _use_up()
        with pytest.raises(TemplateFault, match="together"):
            render("{{ late }}", {"late": 1})
        with pytest.raises(ValueError, match="together"):
            check_expression("late == 1")
    assert render("{{ late }}", {"late": 1}) == 1
    assert check_expression("late == 1")
