"""Expressions and templates made to freeze or fill a worker: each is refused, in words, before it costs anything.

Evaluated in a process of its own, so that one that does get through ends that process and fails its test alone.
"""

from __future__ import annotations

import pytest

from tests.support.evaluations import Evaluator

TOO_LONG = "gives a result that is longer than 65536 characters"
TOO_MUCH = "does too much: its loops, lists and texts add up to more than one evaluation may do"
TOO_HEAVY = "value of more than 1048576 characters and items in all"
TOO_DEEP = "nested too deeply"
NO_NUMBER = "expects a number, not a text"
BITS = "a number of more than 4096 bits"
UNKNOWN_FILTER = "No filter named"
NOT_HERE = "may not be used here"

REFUSED: list[tuple[str, str]] = [
    # Comparisons and `in` walk in C what one list holds many times over.
    ("[[[1]*60000]*60000]*60000 == [[[1]*60000]*60000]*60000", TOO_HEAVY),
    ("[[1]*60000]*60000 < [[1]*60000]*60000", TOO_HEAVY),
    ("(1,2) in [[1]*60000]*60000", TOO_HEAVY),
    ("[wide]*60000", TOO_HEAVY),
    ("[long]*60000", TOO_HEAVY),
    ("[long]*18 == 1", TOO_HEAVY),
    ("[wide]*60 + [wide]*60", TOO_HEAVY),
    ("{'a': [wide]*30, 'b': [wide]*30} == {}", TOO_HEAVY),
    (" and ".join(["wide == wide"] * 60), TOO_MUCH),
    (" or ".join(["'x' in long"] * 90), TOO_MUCH),
    ("wide | select('in', wide) | list", TOO_MUCH),
    ("wide | select('eq', wide) | list", TOO_MUCH),
    ("wide | map('default', wide) | list", TOO_MUCH),
    ("wide | map('d', long) | list", TOO_MUCH),
    ("deeper == 1", "nested more than 64 levels deep"),
    # Numbers.
    ("5 | round(-10**9)", "rounds to more than 100 digits"),
    ("1.5 | round(10**9, 'ceil')", "rounds to more than 100 digits"),
    ("wide | map('round', -10**9) | list", "rounds to more than 100 digits"),
    ("('v'*60000) | int(0, 32)", "makes a number of a text of more than 1365 characters"),
    ("('9'*60000) | int", "makes a number of a text of more than"),
    ("('9'*60000) | float", "makes a number of a text of more than"),
    ("10**(10**10)", BITS),
    ("9**(9**9)", BITS),
    ("2**4096", BITS),
    ("big*big", BITS),
    ("(2**4095)*(2**4095)", BITS),
    ("(2**4095)+(2**4095)", BITS),
    ("[2**4095, 2**4095] | sum", BITS),
    ("2.0**10000", "OverflowError"),
    ("(-8)**0.5", "expects a number, not a complex"),
    ("0x" + "f" * 1900, BITS),
    ("9" * 1990, BITS),
    # Formatting, which has more doors than one.
    ("'%1000000000d' is even", NO_NUMBER),
    ("'%1000000000d' is odd", NO_NUMBER),
    ("'%1000000000d' is divisibleby(1)", NO_NUMBER),
    ("['%1000000000d'] | select('even') | list", NO_NUMBER),
    ("['%1000000000d'] | reject('divisibleby', 7) | list", NO_NUMBER),
    ("'%1000000000d' % 1", "formatting with % is not allowed"),
    ("('%s' | string) % wide", "formatting with % is not allowed"),
    ("'%1000000000d' | format(1)", UNKNOWN_FILTER),
    ("'{:>1000000000}'.format(1)", "can be called"),
    ("'{a:>1000000000}'.format_map({'a': 1})", "can be called"),
    # Texts that grow, and searches that are quadratic.
    ("'a' * 10**9", TOO_LONG),
    ("10**9 * 'a'", TOO_LONG),
    ("[1] * 10**9", TOO_LONG),
    ("(1,) * 10**9", TOO_LONG),
    ("long + long", TOO_LONG),
    ("long ~ long", TOO_LONG),
    ("' ' ~ wide | map('string') | list", TOO_LONG),
    ("long | replace('a', long)", TOO_LONG),
    ("long | replace('', 'b'*60000)", TOO_LONG),
    ("long | replace('a', 'bb') | replace('b', 'cc')", TOO_LONG),
    ("wide | join(long)", TOO_LONG),
    ("wide | string", TOO_LONG),
    ("wide | tojson", TOO_LONG),
    ("('\\u0000'*60000) | tojson", TOO_LONG),
    ("('a'*60000).rpartition('ab' ~ 'a'*30000)", TOO_MUCH),
    ("('a'*60000).rsplit('ab' ~ 'a'*30000)", TOO_MUCH),
    ("snow.strip(snow)", TOO_MUCH),
    ("snow | trim(snow)", TOO_MUCH),
    ("[snow, snow, snow, snow, snow, snow, snow, snow, snow] | map('list') | list", "needs more than 32 MB of memory"),
    ("snow | list | list | list | list | map('list') | list", TOO_MUCH),
    # Hashes that collide, sums that copy.
    ("(same_hash * 5) | unique | list", TOO_MUCH),
    ("([[1]] * 60000) | sum(start=[])", "expects a number, not a list"),
    ("[[1]*60000] | sum(start=[])", "expects a number, not a list"),
    ("['a'] | sum(start='')", NO_NUMBER),
    ("[{'a': [1]}] | sum('a', [])", "expects a number, not a list"),
    # Attributes looked up for each of many items.
    ("wide | map(attribute='" + ".".join(["real"] * 300) + "') | list", "may not be used here"),
    ("tenant.network_endpoints | map('dictsort') | map('dictsort') | list", "has no attribute 'items'"),
    ("(tenant.network_endpoints * 25) | sort(attribute='key,key,key,key,key') | list", TOO_MUCH),
    ("(tenant.network_endpoints * 60) | map(attribute='key') | list", TOO_HEAVY),
    # What is not there at all.
    ("'x'.center(10**9)", NOT_HERE),
    ("'x'.ljust(10**9)", NOT_HERE),
    ("'x'.zfill(10**9)", NOT_HERE),
    ("'\\t'.expandtabs(10**9)", NOT_HERE),
    ("long.translate({97: long})", NOT_HERE),
    ("long.encode('idna')", NOT_HERE),
    ("','.join(wide)", NOT_HERE),
    ("long.replace('a', long)", NOT_HERE),
    ("'x' | center(10**9)", UNKNOWN_FILTER),
    ("'x' | indent(10**9)", UNKNOWN_FILTER),
    ("long | wordwrap(1)", UNKNOWN_FILTER),
    ("long | striptags", UNKNOWN_FILTER),
    ("long | urlize", UNKNOWN_FILTER),
    ("long | wordcount", UNKNOWN_FILTER),
    ("long | xmlattr", UNKNOWN_FILTER),
    ("wide | pprint", UNKNOWN_FILTER),
    ("wide | batch(1) | list", UNKNOWN_FILTER),
    ("wide | slice(3) | list", UNKNOWN_FILTER),
    ("wide | groupby('a')", UNKNOWN_FILTER),
    ("wide | map('center', 10**9) | list", UNKNOWN_FILTER),
    ("wide | map('turns of a loop') | list", "fails"),
    ("lipsum(10**9)", "undefined"),
    ("cycler(1)", "undefined"),
    ("namespace(a=1)", "undefined"),
    ("dict(a=wide)", "undefined"),
    ("range(10**9)", "a range of more than 1000 numbers"),
    ("range(-10**9, 10**9)", "a range of more than 1000 numbers"),
    ("range(*wide)", "arguments with * or ** are not allowed"),
    ("'x' | d(*wide)", "arguments with * or ** are not allowed"),
    ("'x'.split(**{'sep': long})", "arguments with * or ** are not allowed"),
    ("wide[1:2, 3]", "slice is not allowed"),
    ("''.upper == ''.upper", "a method that is not called"),
    ("''.upper | upper", "a method that is not called"),
    ("[''.upper]", "a method that is not called"),
    # Nesting, which the compiler follows by calling itself.
    ("(" * 900 + "1" + ")" * 900, TOO_DEEP),
    ("[" * 900 + "]" * 900, TOO_DEEP),
    ("{1:" * 490 + "1" + "}" * 490, TOO_DEEP),
    ("a" + ".a" * 990, TOO_DEEP),
    ("a" + "[0]" * 660, TOO_DEEP),
    ("1" + "+1" * 990, TOO_DEEP),
    ("not " * 490 + "1", TOO_DEEP),
    ("-" * 1990 + "1", TOO_DEEP),
    ("1" + "|int" * 490, TOO_DEEP),
    ("2" + "**2" * 600, TOO_DEEP),
    ("1 if " * 390 + "1", TOO_DEEP),
    ("x" * 2001, "an expression of more than 2000 characters"),
]

REFUSED_IN_TEMPLATES: list[tuple[str, str]] = [
    ("{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}", "a loop inside a loop"),
    ("{% for a in range(3) recursive %}{{ loop(range(3)) }}{% endfor %}", "a loop inside a loop"),
    ("{% for a in [1]*60000 %}{% if " + " and ".join(["plan"] * 60) + " %}x{% endif %}{% endfor %}", TOO_MUCH),
    ("{% for a in [1]*60000 %}{% if plan.x is defined or plan.y is defined %}{% endif %}{% endfor %}", TOO_MUCH),
    ("{% for a in wide if a in wide %}{% endfor %}", TOO_MUCH),
    ("{% for a in wide %}{% if wide == wide %}{% endif %}{% endfor %}", TOO_MUCH),
    ("{% for a in wide %}{{ wide | sum }}{% endfor %}", TOO_MUCH),
    ("{% for a in long %}{{ long | upper | lower | first }}{% endfor %}", "needs more than 32 MB"),
    ("{% for a in long %}{{ long }}{% endfor %}", TOO_LONG),
    ("{% for a in wide %}{{ a }}-{{ loop.length }}{% endfor %}", TOO_LONG),
    ("{{ ['a' * 60000, 'a' * 60000] }}", TOO_LONG),
    ("{{ ['a' * 60000, 'a' * 60000] | tojson }}", TOO_LONG),
    ("{{ (range(1000) | list * 60) | map('replace', '1', '2' * 60000) | list | length }}", TOO_LONG),
    ("{% for a in [1] * 60000 %}{{ (range(1000) | list * 60) | sum }}{% endfor %}", TOO_MUCH),
    ("{% for a in range(1000) %}{{ 'a' * 1000 }}{% endfor %}", TOO_LONG),
    ("{{ 1e999 }}", "a number that no float can hold"),
    ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{% macro %} is not allowed"),
    ("{% call tenant() %}{% endcall %}", "{% call %} is not allowed"),
    ("{% filter upper %}x{% endfilter %}", "{% filter %} is not allowed"),
    ("{% set n = namespace(a=1) %}", "{% set %} is not allowed"),
    ("{% set x %}y{% endset %}", "{% set %} is not allowed"),
    ("{% with a = wide %}{% endwith %}", "{% with %} is not allowed"),
    ("{% include 'x' %}", "{% include %} is not allowed"),
    ("{{ [" + "wide, " * 900 + "] }}", TOO_HEAVY),
    ("{{ " + " ~ ".join(["long"] * 900) + " }}", TOO_LONG),
    ("{{ " + "(" * 900 + ")" * 900 + " }}", TOO_DEEP),
    ("{{ " + "not " * 900 + "1 }}", TOO_DEEP),
    ("{{ x" + ".a" * 900 + " }}", TOO_DEEP),
    ("{{ 1" + "+1" * 900 + " }}", TOO_DEEP),
    ("{{ " + "{{ " * 900 + " }}", TOO_DEEP),
    ("{{ 0x" + "f" * 16000 + " }}", BITS),
    ("{{ 1" + "0" * 4000 + " }}", BITS),
    ("{{ 1" + "0" * 5000 + " }}", "digits"),
    ("{# " * 4000, "Missing end of comment tag"),
    ("{% raw %}" * 1000, "Missing end of raw directive"),
    ("{{ '" + "a" * 16000, "unexpected char"),
    ("{{ " + "a|" * 900 + " }}", "unexpected end of template"),
    ("{{ x" + ".a" * 8000 + " }}", "has more than 2000 parts"),
    ("{{ a" + " in a" * 3000 + " }}", "has more than 2000 parts"),
    ("{{ 1 }}" + "x" * 16384, "a template of more than 16384 characters"),
]

HEAVY = [
    # Allowed, and as much as is.
    "wide == wide", "[1]*60000 == [1]*60000", "[{}]*60000 == [{}]*60000", "deep == deep", "big == big",
    "wide | map('string') | map('upper') | list | length > 0", "wide | map('round', -100) | list | length > 0",
    "wide | map('int') | select('even') | list | length > 0", "wide | reject('divisibleby', 7) | list | length > 0",
    "(wide * 3) | sort | length > 0", "wide | unique | list | length > 0", "same_hash | unique | list | length > 0",
    "snow | sort | length > 0", "snow | unique | list | length > 0", "snow | upper | lower | title | length > 0",
    "snow | urlencode | length > 0", "long | urlencode | length > 0", "long.title().title() | length > 0",
    "(['ab'*500]*1000) | sort | length > 0", "([['ab'*500]]*1000) | sort | length > 0", "([big]*1000) | sum > 0",
    "([big]*1000) | sort | length > 0", "[tenant, tenant] | map('dictsort') | list | length > 0",
    "('a'*60000).partition('a'*30000 ~ 'b' ~ 'a'*100) | length > 0", "('a'*60000).split('a'*30000 ~ 'b') | length > 0",
    "('ab '*20000).split() | map('upper') | list | length > 0", "(['\\u0000'*60000]*4) | upper | length > 0",
    "tenant.network_endpoints | sort(attribute='value') | map(attribute='key') | join(',') | length > 0",
    "wide[::1] == wide[::-1]", "long[::-1][::-1] == long", "wide[:10**30] == wide",
    "range(big, big + 900) | list | sum > 0",
]  # fmt: skip
HEAVY_TEMPLATES = [
    "{{ a.b }}" * 1800, "{{ 1 }}" * 2300, "{{ " + " ~ ".join(["1"] * 4000) + " }}", "{{ [" + "1," * 8000 + "] }}",
    "{% if a %}" + "{% elif a %}" * 1300 + "{% endif %}", "{{ '" + "\\x41" * 4000 + "' }}",
    "{% for x in snow %}{% endfor %}",
    "{{ " + "'a' " * 4000 + "}}", " " * 16000 + "{{- 1 -}}" + " " * 300, "{{ 1." + "0" * 16000 + " }}",
    "{{ 1_" + "1_" * 2000 + "1 }}",
    "{% for x in wide if x == 1 %}{{ x }}{% endfor %}", "{% for x in long %}{{ x }}{% endfor %}", "{%-" * 5000,
]  # fmt: skip


def shown(source: object) -> str:
    return str(source)[:60]


@pytest.mark.parametrize(("source", "words"), REFUSED, ids=shown)
def test_expressions_are_refused(evaluator: Evaluator, source: str, words: str) -> None:
    cost = evaluator.cost("expression", source)
    assert not cost.too_much, cost
    assert words in cost.said


@pytest.mark.parametrize(("source", "words"), REFUSED_IN_TEMPLATES, ids=shown)
def test_templates_are_refused(evaluator: Evaluator, source: str, words: str) -> None:
    cost = evaluator.cost("template", source)
    assert not cost.too_much, cost
    assert words in cost.said


@pytest.mark.parametrize("source", HEAVY, ids=shown)
def test_what_is_allowed_is_quick(evaluator: Evaluator, source: str) -> None:
    cost = evaluator.cost("expression", source)
    assert not cost.too_much, cost
    assert cost.said in ("True", "False")


@pytest.mark.parametrize("source", HEAVY_TEMPLATES, ids=shown)
def test_long_templates_are_quick(evaluator: Evaluator, source: str) -> None:
    cost = evaluator.cost("template", source)
    assert not cost.too_much, cost
