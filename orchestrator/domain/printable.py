"""Text as a terminal may get it: what came from a plan, a remote answer or an argument must not steer it.

A control character clears the screen or forges a line; a bidirectional one shows a text in another order than it has.
Everything that is printed for people goes through ``printable`` (a line), ``printable_block`` (with its line ends) or
``printable_json``; names and ids that hold such characters are refused at validation.
"""

from __future__ import annotations

import re
from typing import Final

_CLASS: Final = (
    # C0, DEL and C1; line and paragraph separators
    "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029"
    # Marks, embeddings, overrides and isolates of direction
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
    # Without width: nobody sees that they are there
    "\\u00ad\\u200b\\u2060-\\u2064\\ufeff\\U000e0000-\\U000e007f"
    # Halves of surrogate pairs: how Python spells bytes that are not UTF-8
    "\\ud800-\\udfff"
)
_STEERING: Final = re.compile(f"[{_CLASS}]")
_STEERING_BUT_LINES: Final = re.compile(f"(?!\\n)[{_CLASS}]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def steering_character(text: str) -> str | None:
    """The first character that could steer a terminal or hide, as ``U+202E at position 4``; None when there is none."""
    found = _STEERING.search(text)
    return None if found is None else f"U+{ord(found[0]):04X} at position {found.start() + 1}"


def printable(text: str) -> str:
    """The text as one line, what could steer a terminal written as an escape."""
    return _STEERING.sub(_escape, text)


def printable_block(text: str) -> str:
    """The same with its line ends kept: for text whose lines are ours."""
    return _STEERING_BUT_LINES.sub(_escape, text)


def printable_json(text: str) -> str:
    """JSON text of the same value, in which those characters are JSON's own escapes."""
    return _STEERING_BUT_LINES.sub(lambda found: _json_escape(found[0]), text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))
