"""Text as a terminal may get it: what came from a plan, a remote answer or an argument must not steer it.

A control character clears the screen or forges a line; a bidirectional one shows a text in another order than it has.
Everything that is printed for people goes through ``printable`` (a line), ``printable_block`` (with its line ends) or
``printable_json``; names and ids that hold such characters are refused at validation.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_CATEGORIES: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Of Unicode: controls; formats, which have no shape of their own or turn the direction; halves of surrogate pairs (how
Python spells bytes that are not UTF-8); separators of lines and paragraphs."""

_UNSEEN: Final = (
    # Default_Ignorable_Code_Point beside category Cf (Unicode's DerivedCoreProperties.txt): joiners, fillers of Hangul,
    # inherent vowels of Khmer, selectors of variants, and what is set aside for more of them.
    *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)),
    # Blank by their own shape: the Braille pattern without dots, the Khitan filler, the notehead that is none.
    *((0x2800, 0x2800), (0x16FE4, 0x16FE4), (0x1D159, 0x1D159)),
)
_MAYBE: Final = re.compile("[^ -~]")
_MAYBE_BUT_LINES: Final = re.compile("[^ -~\\n]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@lru_cache(maxsize=8192)
def is_steering(character: str) -> bool:
    """Whether it could steer a terminal, or hide: nobody sees that it is there."""
    code = ord(character)
    return unicodedata.category(character) in _CATEGORIES or any(first <= code <= last for first, last in _UNSEEN)


def _steers(found: re.Match[str]) -> bool:
    return is_steering(found[0]) and not _makes_emoji(found)


def _makes_emoji(found: re.Match[str]) -> bool:
    """A joiner between two pictures, or a selector after one: one picture, that everybody sees."""
    if found[0] not in "\u200d\ufe0f":
        return False
    before, behind = found.string[found.start() - 1 : found.start()], found.string[found.end() : found.end() + 1]
    kind = unicodedata.category(before) if before else ""
    if found[0] == "\ufe0f":
        return kind == "So"
    # A tone of skin, or a selector, may stand between.
    return (kind in ("So", "Sk") or before == "\ufe0f") and behind != "" and unicodedata.category(behind) == "So"


def steering_character(text: str) -> str | None:
    """The first character that could steer a terminal or hide, as ``U+202E at position 4``; None when there is none."""
    found = next((one for one in _MAYBE.finditer(text) if _steers(one)), None)
    return None if found is None else f"U+{ord(found[0]):04X} at position {found.start() + 1}"


def printable(text: str) -> str:
    """The text as one line, what could steer a terminal written as an escape."""
    return _MAYBE.sub(_escape, text)


def printable_block(text: str) -> str:
    """The same with its line ends kept: for text whose lines are ours."""
    return _MAYBE_BUT_LINES.sub(_escape, text)


def printable_json(text: str) -> str:
    """JSON text of the same value, in which those characters are JSON's own escapes."""
    return _MAYBE_BUT_LINES.sub(_json_escape, text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if not _steers(found):
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    character = found[0]
    if not _steers(found):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))


def is_unicode(text: str) -> bool:
    """Whether it can be sent at all: JSON can write half a character, a variable may hold bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
