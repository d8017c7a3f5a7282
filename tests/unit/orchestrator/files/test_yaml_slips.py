"""The commonest slips in YAML are told with what to do about them, at their line and column."""

from __future__ import annotations

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.files.yaml_slips import QUOTE_TEMPLATE
from orchestrator.files.yaml_text import read_yaml

TABS, BESIDE = "indent by spaces, not by tabs", "indent a key as those beside it"
SLIPS = {
    "a:\n\tb: 1": TABS,
    "a: x\n\tb: 1": TABS,
    "a: @x": "quote a text that begins with @",
    "a: %x": "quote a text that begins with %",
    "a: `x`": "quote a text that begins with `",
    "hosts: *.example.com": "quote a text that begins with *",
    "hosts: [*.x, b]": "quote a text that begins with *",
    "name: x: y": "not allowed in this context; quote a text with ': ' in it",
    "a: x\n  b: y": f"not allowed in this context; {BESIDE}, quote a long text, and end a key with ': '",
    "a:\n  b: 1\n  url http://x\n  method: GET": "expected ':'; a line before may lack ': ' behind its key",
    "hosts: [a, b\nc: d": "',' or ']'; a comma, a bracket or a quotation mark may be lacking",
    "a:\n  b: 1\n c: 2": f"did not find expected key; {BESIDE}",
    "key: {{ tenant.tenant_id }}": QUOTE_TEMPLATE,
    "a: {{ x }}-{{ y }}": QUOTE_TEMPLATE,
    "a: {{ secret['X'] }}": QUOTE_TEMPLATE,
    "- {url: http://x:{{ y }}/z}": QUOTE_TEMPLATE,
    "a: {% if x %}b{% endif %}": 'put quotation marks around a value with {% ... %}: "{% ... %}"',
    "a: {{b: c}: d}": "a key must be text, not a mapping or a list",
    # It is not known what was meant.
    'a: "{{ x }}" y': "did not find expected key",
    "? [a]\n: b": "a key must be text, not a mapping or a list",
}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("text", SLIPS)
def test_a_slip_is_told_with_what_to_do(text: str, mark: str) -> None:
    with pytest.raises(InvalidInput) as told:
        read_yaml(mark + (f"first: 1\n{text}\n" if text[0].isalpha() else text), "f.yaml")
    assert str(told.value).endswith(SLIPS[text])
    assert str(told.value).startswith("f.yaml: line ")
