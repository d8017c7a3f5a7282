"""A secret in a template: what may be done with it, and that nothing else may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.references import PLACEHOLDERS, Secrets
from orchestrator.settings.model import Settings
from orchestrator.stages.stage_factory import StageFactory
from orchestrator.templates.condition import compile_condition
from orchestrator.templates.templates import TemplateFault, render
from orchestrator.templates.variables import template_variables
from steps import load_registry
from steps.opaque import RULE, Opaque

VALUE = "s3cr3t-value"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets())


def variables(*, real: bool) -> dict[str, Any]:
    given = {"CHANGEOVER_SECRET_X": VALUE, "CHANGEOVER_SECRET_Y": "other-value"}
    config = {"tenant_id": "acme", "variables": {"guess": VALUE, "list": [VALUE]}}
    return template_variables(config, {"plan_id": "p"}, Secrets(Path("/nowhere"), given) if real else PLACEHOLDERS)


LOOKS_INTO_IT = [
    "secret.X[0:3]", "secret.X[0]", "secret.X | upper", "secret.X | reverse", "secret.X | length", "secret.X | count",
    "secret.X | list", "secret.X | first", "secret.X | last", "secret.X | sort", "secret.X | string",
    "secret.X | title",
    "secret.X | tojson", "secret.X | urlencode", "secret.X | trim('s')", "secret.X | int", "secret.X | default('d')",
    "secret.X | replace('s', 'S')", "'abc' | replace('a', secret.X)", "tenant.nothing | default(secret.X)",
    "'3c' in secret.X", "secret.X in tenant.variables.list", "secret.X == tenant.variables.guess", "secret.X != ''",
    "secret.X < 't'", "secret.X is string", "secret.X is defined", "secret.X is eq('a')", "'s' is in(secret.X)",
    "'%s' % secret.X", "secret.X + 'a'", "'a' + secret.X", "secret.X * 2", "-secret.X", "not secret.X",
    "'a' if secret.X else 'b'", "secret.X or 'b'", "secret.X and 'b'", "secret.X.upper()", "secret.X.split('-')",
    "secret.X.startswith('s')", "'s3cr3t-value'.startswith(secret.X)", "secret.X.reveal()", "secret.X._text",
    "secret.X['_text']", "{secret.X: 1}", "{'s3cr3t-value': 1}[secret.X]", "tenant.variables[secret.X]",
    "range(secret.X)",
    # In a list, a mapping, a longer text: it stays what it is.
    "[secret.X] | join('-')", "['a', 'b'] | join(secret.X)", "[secret.X] | tojson", "[secret.X] | map('upper') | list",
    "[secret.X, secret.Y] | sort", "[secret.X, secret.Y] | max", "[secret.X] | unique", "[secret.X] | sum",
    "[secret.X] | select('eq', 's3cr3t-value') | list", "secret.X in [secret.X]", "[secret.X] == ['s3cr3t-value']",
    "[secret.X] * 2", "[secret.X] + ['a']", "[secret.X][0:1]", "[[secret.X]] | first", "{'a': secret.X} | dictsort",
    "{'a': secret.X}.items()", "{'a': secret.X}.get('a')", "('x' ~ secret.X) | upper", "(secret.X ~ 'x')[1:]",
    "(secret.X ~ '') == 's3cr3t-value'", "'a' ~ [secret.X]",
]  # fmt: skip
LOOKS_INTO_IT_IN_TEXT = [
    "{% for c in secret.X %}{{ c }},{% endfor %}", "{% for c in [secret.X] %}{{ c }}{% endfor %}",
    "{% if secret.X %}a{% endif %}", "{% if secret.X == 's3cr3t-value' %}a{% endif %}", "x{{ [secret.X] }}",
    "x{{ {'a': secret.X} }}", "{% for a, b in {'a': secret.X}.items() %}{{ b }}{% endfor %}",
]  # fmt: skip


@pytest.mark.parametrize("real", [True, False], ids=["in the worker", "at submit"])
@pytest.mark.parametrize("template", [*(f"{{{{ {one} }}}}" for one in LOOKS_INTO_IT), *LOOKS_INTO_IT_IN_TEXT])
def test_nobody_looks_into_a_secret(template: str, real: bool) -> None:
    with pytest.raises(TemplateFault) as caught:
        render(template, variables(real=real))
    assert caught.value.message == f"not allowed in a template: {RULE}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ secret.X }}", VALUE),
        ("Bearer {{ secret.X }}", f"Bearer {VALUE}"),
        ("{{ 'Bearer ' ~ secret.X }}", f"Bearer {VALUE}"),
        ("{{ tenant.tenant_id ~ ':' ~ secret.X }}!", f"acme:{VALUE}!"),
        ("{{ {'token': secret.X, 'all': [secret.X, secret.Y]} }}", {"token": VALUE, "all": [VALUE, "other-value"]}),
        ("{{ [[secret.X], {'a': {'b': secret.Y}}] }}", [[VALUE], {"a": {"b": "other-value"}}]),
        ("{{ [secret.X, secret.Y][1] }}", "other-value"),
        ("{{ {'eu': secret.X, 'us': secret.Y}.us }}", "other-value"),
        ("{{ secret.X if tenant.tenant_id == 'acme' else secret.Y }}", VALUE),
        ("{% if tenant.tenant_id == 'acme' %}{{ secret.X }}{% else %}{{ secret.Y }}{% endif %}", VALUE),
        ("{% for n in range(2) %}{{ n }}{{ secret.X }}{% endfor %}", f"0{VALUE}1{VALUE}"),
    ],
)
def test_what_may_be_done_with_it(template: str, expected: Any) -> None:
    found = render(template, variables(real=True))
    assert found == expected
    assert type(found) is type(expected)


def test_no_condition_hangs_on_a_secret() -> None:
    with pytest.raises(InvalidInput, match="a secret can only stand by itself"):
        compile_condition("secret.X == 'a'", "when")(variables(real=False))


@pytest.mark.parametrize(
    "step",
    [
        {"type": "poll", "url": "http://h/", "until": "state == '{{ secret.X }}'"},
        {"type": "http-request", "url": "http://h/", "success": "{{ '\"' ~ secret.X ~ '\"[0] == \"a\"' }}"},
    ],
)
def test_no_expression_over_an_answer_holds_a_secret(step: dict[str, Any]) -> None:
    factory = StageFactory(load_registry(), Settings())
    with pytest.raises(InvalidInput) as caught:
        factory.build_stage({"name": "s", "steps": [step]}, {"tenant_id": "acme"}, {"plan_id": "p"})
    (problem,) = caught.value.problems
    assert problem.message == "secret X cannot be part of an expression"
    assert problem.path == f"steps[0].{'until' if step['type'] == 'poll' else 'success'}"


def test_an_expression_may_still_be_a_template() -> None:
    step = {"type": "poll", "url": "http://h/{{ secret.X }}", "until": "tenant == '{{ tenant.tenant_id }}'"}
    factory = StageFactory(load_registry(), Settings())
    (built,) = factory.build_stage({"name": "s", "steps": [step]}, {"tenant_id": "acme"}, {"plan_id": "p"})
    assert built.parameters.model_dump()["until"] == "tenant == 'acme'"
    assert built.parameters.model_dump()["url"] == "http://h/***X***"


def test_code_of_ours_that_overlooks_one_gets_nothing_either() -> None:
    one = Opaque(VALUE)
    assert repr([one]) == "[***]"
    for look in (
        str,
        len,
        list,
        hash,
        bool,
        lambda v: v == VALUE,
        lambda v: f"{v}",
        lambda v: v < "t",
        lambda v: v + "",
    ):
        with pytest.raises(Exception, match="a secret can only stand by itself"):
            look(one)
