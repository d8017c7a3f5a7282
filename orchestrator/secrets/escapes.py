"""A value that stands in a text in another notation: percent-encoded, as JSON or HTML escapes it, or one in another.

Who writes a value into JSON, HTML or a URL may escape any of its characters (PHP's JSON escapes ``/``, others all that
is no ASCII), so spellings are not listed: the text is read as its reader would, and the value looked for in that.
"""

from __future__ import annotations

import html
import json
import re
from array import array
from collections.abc import Iterable
from typing import Final

DEPTH: Final = 3
"""So many notations within each other are read: JSON in JSON that holds a URL."""

_ESCAPE: Final = re.compile(
    rb"%[0-9A-Fa-f]{2}"
    rb"|\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[\"'\\/bfnrt]"
    rb"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)


def without_escaped(text: str, values: Iterable[str], mask: str) -> str:
    """The text with each value masked, whichever of its characters are escaped, and with ``+`` for space."""
    raw = _bytes(text)
    readings = list(_readings(raw))
    if not readings:
        return text
    hidden: list[tuple[int, int]] = []
    for value in values:
        needles = _needles(value)
        for decoded, begins in readings:
            for needle in needles:
                at = decoded.find(needle)
                while at >= 0:
                    end = at + len(needle)
                    hidden.append((begins[at], begins[end]))
                    at = decoded.find(needle, end)
    return _covered(raw, sorted(hidden), mask.encode()).decode(errors="surrogatepass") if hidden else text


def _readings(raw: bytes) -> Iterable[tuple[bytes, array[int]]]:
    """The text read once, twice ..., as long as that changes it, and for each byte of it where in ``raw`` it begins."""
    text, begins = raw, array("L", range(len(raw) + 1))
    for _ in range(DEPTH):
        decoded, places = _read(text)
        if len(decoded) == len(text):
            return
        text, begins = decoded, array("L", (begins[place] for place in places))
        yield text.replace(b"+", b" "), begins


def _needles(value: str) -> set[bytes]:
    """The value, and what a reader makes of one that itself looks like an escape (``a%41``)."""
    raw = _bytes(value)
    return {one.replace(b"+", b" ") for one in (raw, *(text for text, _ in _readings(raw))) if one}


def _read(text: bytes) -> tuple[bytes, array[int]]:
    """What the text says, and for each byte of that (and the end) where in the text it begins."""
    said, begins, last = bytearray(), array("L"), 0
    for escape in _ESCAPE.finditer(text):
        said += text[last : escape.start()]
        begins.extend(range(last, escape.start()))
        meaning = _meaning(escape[0])
        said += meaning
        begins.extend([escape.start()] * len(meaning))
        last = escape.end()
    begins.extend(range(last, len(text) + 1))
    return bytes(said + text[last:]), begins


def _meaning(escape: bytes) -> bytes:
    if escape[:1] == b"%" or escape[:2] == b"\\x":
        return bytes([int(escape[-2:], 16)])
    if escape[:1] == b"&":
        return _bytes(html.unescape(escape.decode()))
    return b"'" if escape == b"\\'" else _bytes(json.loads(b'"' + escape + b'"'))


def _covered(raw: bytes, hidden: Iterable[tuple[int, int]], mask: bytes) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for begin, end in hidden:
        if begin >= done:
            pieces += (raw[done:begin], mask)
        done = max(done, end)
    return b"".join((*pieces, raw[done:]))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
