"""The commonest slips in YAML, in words that say what to do: libyaml's say what it did not find."""

from __future__ import annotations

import re
from typing import Final

_BREAK: Final = re.compile("[\n\r\x85\u2028\u2029]")
_LONGEST: Final = 1000
"""Characters of the line that are looked at, before its mistake and after it."""

QUOTE_TEMPLATE: Final = 'put quotation marks around a value with {{ ... }}: "{{ ... }}"'
_QUOTE_STATEMENT: Final = 'put quotation marks around a value with {% ... %}: "{% ... %}"'
_TEMPLATE: Final = re.compile(r"\{\{[^{}]*\}\}")
_QUOTE: Final = "quote a text that begins with {}"


def slip_words(text: str, at: int, problem: str) -> str:
    """What was done wrong where libyaml stopped, ``at`` this character of the text; where that is not certain its
    ``problem``, with what may help beside it."""
    return slip_at(text, at) or (f"{problem}; {hint}" if (hint := _hint(text, at, problem)) else problem)


def slip_at(text: str, at: int) -> str | None:
    """What was done wrong there; None where it is not certain."""
    before, after = _line(text, at)
    if "\t" in before[: len(before) - len(before.lstrip())] or after.startswith("\t"):
        return "indent by spaces, not by tabs"
    if _holds_template(before, after):
        return QUOTE_TEMPLATE
    if before.endswith("{") and after.startswith("%"):
        return _QUOTE_STATEMENT
    if after[:1] in ("@", "`", "%"):
        return _QUOTE.format(after[0])
    if before[-1:] in ("*", "&"):
        return _QUOTE.format(before[-1])
    return None


def _hint(text: str, at: int, problem: str) -> str:
    """What libyaml did not find may be lacking lines before: this never stands in the place of its words."""
    before, after = _line(text, at)
    if "expected ':'" in problem:
        return "a line before may lack ': ' behind its key"
    if "expected ','" in problem:
        return "a comma, a bracket or a quotation mark may be lacking"
    if after.startswith(":") and re.search(r":\s", before):
        return "quote a text with ': ' in it"
    if after.startswith(":"):
        return "indent a key as those beside it, quote a long text, and end a key with ': '"
    return "indent a key as those beside it" if after and not before.strip(" -") else ""


def _line(text: str, at: int) -> tuple[str, str]:
    return _BREAK.split(text[max(at - _LONGEST, 0) : at])[-1], _BREAK.split(text[at : at + _LONGEST])[0]


def _holds_template(before: str, after: str) -> bool:
    """Whether one stands on the line outside quotation marks, and begins before the mistake or at it."""
    found = _TEMPLATE.search(before + after)
    if found is None or found.start() > len(before) + 2:
        return False
    begin = found.string[: found.start()]
    return not begin.count('"') % 2 and not begin.count("'") % 2
