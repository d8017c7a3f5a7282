"""Puts the keys themselves where a script asks for them: ``K.task(id)`` becomes ``(ROOT .. 'task:' .. id)``, so that no
call defines forty functions of which it needs ten.

So a key that ``keys.py`` does not know is a mistake with file and line as soon as the script is assembled."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from orchestrator.ledger.keys import PATTERNS

_ASKED: Final = re.compile(r"(?<![\w.])K\.(\w+)\(((?:[^()']|'[^'\n]*'|\([^()]*\))*)\)")
_HOME: Final = "orchestrator/ledger/keys.py"
# A comment is passed by whole.
_NAMED: Final = re.compile(r"--[^\n]*|(?<![\w.])K\.(\w+)")
_DEFINED: Final = re.compile(r"^function K\.\w+\(\w*\) return .* end\n", re.MULTILINE)
_SIMPLE: Final = re.compile(r"[\w.]+")


def with_known_keys(file_name: str, source: str) -> str:
    """The source of a script or an include, as it is. Raises ``ValueError``, naming file and line, on a key that is not
    in ``keys.py``."""
    for match in _NAMED.finditer(source):
        if match[1] and match[1] not in PATTERNS:
            at = f"{file_name}:{source.count(chr(10), 0, match.start()) + 1}"
            near = get_close_matches(match[1], PATTERNS, 1)
            guess = f"did you mean K.{near[0]}? " if near else ""
            raise ValueError(f"{at}: K.{match[1]} is no key: {guess}A new one goes into PATTERNS of {_HOME} first")
    return source


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
