"""What of a YAML text would cost libyaml the square of its length, in one call that holds the interpreter and that
nothing can stop: 2.5 MB took minutes.

It compares each directive with all before it. And at each word of a text it fills with zeros the buffer that the
longest white space so far has made (``CLEAR`` in its ``yaml_private.h``). Both are looked for before it is asked.
"""

from __future__ import annotations

import re
from typing import Final

from yaml.reader import Reader

MAX_BLANK: Final = 4096
"""Characters of white space in a row, line ends included."""

_BREAKS: Final = "\n\r\x85\u2028\u2029"
_BREAK: Final = re.compile("\r\n|[" + _BREAKS + "]")
_BLANK: Final = re.compile("[ \t" + _BREAKS + "]*")
_VERSION: Final = re.compile(r"%YAML[ \t]+1\.[12][ \t]*(?=[\n\r#]|\Z)")
_STEP: Final = MAX_BLANK // 2


def refusal_of(text: str) -> str | None:
    """Why libyaml is not asked about this text, and the line; None when it may be."""
    if (at := _directive(text)) is not None:
        words = "begins with %, as a directive, of which one %YAML 1.1 or 1.2 is allowed; indent it if it is text"
        return f"line {_line(text, at)}: {words}"
    if (at := _long_blank(text)) is not None:
        return f"line {_line(text, at)}: more than {MAX_BLANK} characters of white space in a row"
    return None


def stray_character(text: str) -> str | None:
    """The first character that may not stand in YAML, and where; None when there is none."""
    found = Reader.NON_PRINTABLE.search(text)
    if found is None:
        return None
    at = found.start()
    begin = max((one.end() for one in _BREAK.finditer(text, 0, at)), default=0)
    return (
        f"line {_line(text, at)}, column {at - begin + 1}: not valid YAML: the character U+{ord(found[0]):04X} may not "
        "stand in it; in double quotes it is written as an escape"
    )


def _directive(text: str) -> int | None:
    """Where the first line begins that is a directive and may not be one. libyaml takes it for one wherever it looks
    for the next token, between documents too."""
    found = [len(text) - len(rest) for rest in (text.removeprefix("\ufeff"),) if rest.startswith("%")]
    for one in _BREAKS:
        at = -1
        # The first two are enough: one may be right.
        for _ in range(2):
            at = text.find(one + "%", at + 1)
            if at < 0:
                break
            found.append(at + 1)
    found.sort()
    if found and _VERSION.match(text, found[0]):
        del found[0]
    return found[0] if found else None


def _long_blank(text: str) -> int | None:
    """Where white space begins that is too long. It would fill one of these pieces whole: the others cost nothing."""
    for start in range(0, len(text), _STEP):
        if text[start : start + _STEP].isspace():
            before = text[max(start - _STEP, 0) : start]
            begins = start - (len(before) - len(before.rstrip(" \t" + _BREAKS)))
            blank = _BLANK.match(text, begins)
            if blank is not None and blank.end() - begins > MAX_BLANK:
                return begins
    return None


def _line(text: str, at: int) -> int:
    return 1 + sum(1 for _ in _BREAK.finditer(text, 0, at))
