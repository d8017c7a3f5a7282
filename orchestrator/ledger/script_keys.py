"""Puts the keys themselves where a script asks for them: ``K.task(id)`` becomes ``(ROOT .. 'task:' .. id)``, so that no
call defines forty functions of which it needs ten."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.ledger.keys import PATTERNS

_ASKED: Final = re.compile(r"(?<![\w.])K\.(\w+)\(((?:[^()']|'[^'\n]*'|\([^()]*\))*)\)")
_DEFINED: Final = re.compile(r"^function K\.\w+\(\w*\) return .* end\n", re.MULTILINE)
_SIMPLE: Final = re.compile(r"[\w.]+")


def with_keys(source: str) -> str:
    """The script as it is sent. One that uses a function of ``K`` otherwise keeps them."""
    definitions = _DEFINED.findall(source)
    text = _DEFINED.sub("", source)
    while (found := _ASKED.sub(_key, text)) != text:
        text = found
    if re.search(r"(?<![\w.])K[.\[]", text):
        return text.replace("local K = {}\n", "local K = {}\n" + "".join(definitions), 1)
    return text


def _key(match: re.Match[str]) -> str:
    head, has_identifier, _ = PATTERNS[match[1]].partition("{}")
    if not has_identifier:
        return f"(ROOT .. '{head}')"
    # What binds less than the dots does is kept together.
    identifier = match[2] if _SIMPLE.fullmatch(match[2]) else f"({match[2]})"
    return f"(ROOT .. '{head}' .. {identifier})"
