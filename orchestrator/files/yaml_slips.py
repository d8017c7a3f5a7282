"""The commonest slips in YAML, in words that say what to do: libyaml's say what it did not find."""

from __future__ import annotations

import re
from typing import Final

_BREAK: Final = re.compile("[\n\r\x85\u2028\u2029]")
_LONGEST: Final = 1000
"""Characters of the line that are looked at, before its mistake and after it."""

QUOTE_TEMPLATE: Final = 'put quotation marks around a value with {{ ... }}: "{{ ... }}"'
_QUOTE: Final = "quote a text that begins with {}"


def slip_at(text: str, at: int) -> str | None:
    """What was most likely done wrong where libyaml stopped, ``at`` this character of the text; None: not known."""
    before = _BREAK.split(text[max(at - _LONGEST, 0) : at])[-1]
    after = _BREAK.split(text[at : at + _LONGEST])[0]
    if "\t" in before[: len(before) - len(before.lstrip())] or after.startswith("\t"):
        return "indent by spaces, not by tabs"
    if holds_template(before + after[:4]):
        return QUOTE_TEMPLATE
    if after[:1] in ("@", "`", "%"):
        return _QUOTE.format(after[0])
    if before[-1:] in ("*", "&"):
        return _QUOTE.format(before[-1])
    if after.startswith(":"):
        has_key = re.search(r":\s", before) is not None
        return "quote a text with ': ' in it" if has_key else "indent a key as those beside it, and quote a long text"
    if after and not before.strip(" -"):
        return "indent a key as those beside it"
    return None


def holds_template(line: str) -> bool:
    """Whether a ``{{`` stands in it outside quotation marks."""
    begin = line.partition("{{")
    return bool(begin[1]) and not begin[0].count('"') % 2 and not begin[0].count("'") % 2
