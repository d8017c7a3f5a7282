from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.templates.templates import TEMPLATE_LIMIT, TemplateFault, compile_value, render
from steps.expressions.budget import OUTPUT_LIMIT

VARIABLES: dict[str, Any] = {
    "tenant": {
        "tenant_id": "acme",
        "deploy_unit_version": 42,
        "network_endpoints": [{"key": "a", "value": "http://x"}, {"key": "b", "value": "http://y"}],
        "variables": {"items": [1, 2], "nothing": None, "share": 0.5, "on": True, "text": "{{ 1 }}"},
    },
    "plan": {"plan_id": "p-1", "name": "Plan"},
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ tenant.deploy_unit_version }}", 42),
        ("{{ tenant['deploy_unit_version'] }}", 42),
        (" {{ tenant.deploy_unit_version }}", " 42"),
        ("v{{ tenant.deploy_unit_version }}-{{ plan.plan_id }}", "v42-p-1"),
        ("{{ tenant.network_endpoints }}", VARIABLES["tenant"]["network_endpoints"]),
        ("{{ tenant.network_endpoints | map(attribute='key') }}", ["a", "b"]),
        ("{{ tenant.network_endpoints | map(attribute='key') | join(',') }}", "a,b"),
        ("{{ tenant.variables.nothing }}", None),
        ("{{ tenant.variables.share }}", 0.5),
        ("{{ tenant.variables.on }}", True),
        ("{{ tenant.variables.on }}!", "True!"),
        ("{{ tenant.variables.items }}", [1, 2]),
        ("{{ tenant.variables.text }}", "{{ 1 }}"),
        ("x{{ tenant.variables.items }}", "x[1,2]"),
        ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
        ("{{ '}}' }}", "}}"),
        ("{{ 1 }}{{ 2 }}", "12"),
        ("{{- 1 -}}", 1),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ tenant.target_ip or tenant.tenant_id }}", "acme"),
        ("{{ tenant.target_ip | default('none') }}", "none"),
        ("{% if tenant.target_ip %}a{% else %}b{% endif %}", "b"),
        ("{% for e in tenant.network_endpoints %}{{ loop.index }}{{ e.key }} {% endfor %}", "1a 2b "),
        (
            "{% for e in tenant.network_endpoints %}{{ range(2)|sum }}{{ e.key.upper() }}{{ e.get(1, 2) }}{% endfor %}",
            "1A21B2",
        ),
        (
            "{% for e in tenant.network_endpoints if e.key.startswith('b') %}{{ e.value.split('//')[1] }}{% endfor %}",
            "y",
        ),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% else %}none{% endfor %}", "a1"),
        ("{% for c in 'ab' %}{{ loop.revindex }}{{ loop.last }}{% endfor %}", "2False1True"),
        ("{{ [1, 2] | join(0) }}", "102"),
        ("{{ tenant.tenant_id ~ '-' ~ tenant.deploy_unit_version }}", "acme-42"),
        ("{{ tenant.tenant_id | upper | replace('A', 'b') }}", "bCME"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("a\r\n{{ tenant.tenant_id }}\n", "a\nacme\n"),
        ("no template", "no template"),
    ],
)
def test_renders(template: str, expected: Any) -> None:
    result = render(template, VARIABLES)
    assert result == expected
    assert type(result) is type(expected)


def test_renders_inside_values_and_leaves_keys_alone() -> None:
    value = {"{{ a }}": ["{{ tenant.tenant_id }}", 1, None, {"b": "{{ plan.name }}"}]}
    before = repr(value)
    assert render(value, VARIABLES) == {"{{ a }}": ["acme", 1, None, {"b": "Plan"}]}
    assert repr(value) == before
    assert compile_value({"a": [1, "plain"]}) is None


def test_a_computed_value_is_a_copy() -> None:
    render("{{ tenant.variables.items }}", VARIABLES).append(3)
    assert VARIABLES["tenant"]["variables"]["items"] == [1, 2]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ tenat }}", "the name 'tenat' is undefined"),
        ("x{{ tenant.deploy_unit_verion }}", "'deploy_unit_verion' is undefined; did you mean 'deploy_unit_version'?"),
        ("{{ tenant.tpyo.deeper }}", "the name 'tpyo' is undefined"),
        ("{% if tenant.tpyo %}{% endif %}", "the name 'tpyo' is undefined"),
        ("{{ [tenant.tpyo] }}", "the name 'tpyo' is undefined"),
        ("{{ tenant.target_ip }}", "'target_ip' is undefined: this tenant's config does not set it"),
        ("x{{ tenant.target_ip }}", "'target_ip' is undefined: this tenant's config does not set it"),
        ("{{ 1 if false }}", "inline if"),
        ("x{{ tenant.variables.nothing }}", "gives null inside text"),
        ("{{ a", "template syntax, line 1"),
        ("{% if %}", "template syntax"),
        ("{{ tenant.tenant_id = 'x' }}", "did you mean '=='?"),
        ("{% if tenant.tenant_id = 'x' %}{% endif %}", "did you mean '=='?"),
        ("a=b {{ 1 => 2 }}", "did you mean '>='?"),
        ("{{ 1 =< 2 }}", "did you mean '<='?"),
        ("{{ 1 === 2 }}", "did you mean '=='?"),
        ("{{ 1 <> 2 }}", "did you mean '!='?"),
        ("{{ 1 =! 2 }}", "did you mean '!='?"),
        ("{% for a in [1] %}{% for b in [1] %}{% endfor %}{% endfor %}", "a loop inside a loop is not allowed"),
        ("\n{{ 1 | nosuch }}", "No filter named 'nosuch'"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ tenant.items }}", "not a JSON value"),
        ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "nested too deeply"),
        ("{{ 1|round(precision=1, precision=2) }}", "cannot be compiled: keyword argument repeated: precision"),
        ("{{ 1 }}" + "x" * TEMPLATE_LIMIT, "a template of more than"),
    ],
)
def test_faults_say_what_is_wrong(template: str, expected: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        render({"value": {"list": [0, template]}}, VARIABLES)
    assert caught.value.path == "value.list[1]"
    assert expected in caught.value.message


def test_a_sign_within_a_text_is_no_slip() -> None:
    with pytest.raises(TemplateFault) as caught:
        render("{{ 'a=b' == 'c=>d' e }}", VARIABLES)
    assert caught.value.message.endswith("chunk after expression")


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ tenant.__init__ }}",
    "{{ tenant['__class__'].__mro__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ joiner }}",
    "{{ namespace() }}",
    "{{ dict(a=1) }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ range.__class__ }}",
    "{{ tenant | attr('__class__') }}",
    "{{ [tenant] | map('attr', '__class__') | list }}",
    "{{ [tenant] | map(attribute='__class__') | list }}",
    "{{ '{0.__class__}'.format(tenant) }}",
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ ('%s' | string) % tenant }}",
    "{{ tenant.update({'a': 1}) }}",
    "{{ tenant.variables.items.append(3) }}",
    "{{ [].append(1) }}",
    "{{ tenant.tenant_id() }}",
    "{% for x in range(3) %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in range(3) %}{{ loop.cycle.__globals__ }}{% endfor %}",
    "{% set x = 1 %}",
    "{% set result = ''.__class__ %}",
    "{% macro f() %}{% endmacro %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% block x %}{% endblock %}",
    "{% with a = 1 %}{% endwith %}",
    "{% filter upper %}x{% endfilter %}",
    "{% call tenant() %}{% endcall %}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_no_way_out_of_the_sandbox(template: str) -> None:
    with pytest.raises(TemplateFault):
        render(template, VARIABLES)
    with pytest.raises(TemplateFault):
        render("text " + template, VARIABLES)


def test_output_up_to_the_limit_is_fine() -> None:
    assert len(render(f"{{{{ 'a' * {OUTPUT_LIMIT - 1} }}}}", VARIABLES)) == OUTPUT_LIMIT - 1


names = st.sampled_from(["tenant", "plan", "x", "tenant.tenant_id", "tenant.variables", "range", "loop", "none"])
atoms = names | st.integers(-9, 10**12).map(str) | st.text("ab'\"{}%\\n", max_size=4).map(repr)
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "*", "**", "~", "%", "==", "in", "or", "|", "."]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"[{text}]"),
        st.tuples(inner, st.sampled_from(["list", "join", "string", "tojson", "sum", "upper", "map('upper')"])).map(
            " | ".join
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(expressions.map(lambda text: f"{{{{ {text} }}}}"), st.text("{}%# abtenan.|()[]'", max_size=40)))
def test_any_template_gives_a_value_or_a_fault(template: str) -> None:
    with contextlib.suppress(TemplateFault):
        render({"a": template, "b": f"x{template}"}, VARIABLES)
