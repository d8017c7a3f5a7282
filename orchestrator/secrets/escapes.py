"""A value that stands in a text in another notation: percent-encoded, quoted-printable, as JSON or HTML escapes it, or
one in another.

Who writes a value into JSON, HTML or a URL may escape any of its characters (PHP's JSON escapes ``/``, others all that
is no ASCII), so spellings are not listed: the text is read as its reader would, and the value looked for in that.
"""

from __future__ import annotations

import html
import json
import re
from array import array
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from orchestrator.secrets.needles import Needles
from orchestrator.secrets.places import is_inside_one, places_of

DEPTH: Final = 5
"""So many notations within each other are read: JSON in JSON that holds a URL; quoted-printable counts beside them."""

_AMPERSAND_OR_PERCENT = rb"%[0-9A-Fa-f]{2}|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_BACKSLASH = (
    rb"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}"
    rb"|\\U00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4}|\\[\"'\\/bfnrt]"
)

ESCAPE: Final = re.compile(_AMPERSAND_OR_PERCENT + rb"|" + _BACKSLASH)
_LONE: Final = re.compile(_AMPERSAND_OR_PERCENT)
_PAIRED: Final = re.compile(_BACKSLASH)
"""A backslash stands for another by two, so that one read too early takes those behind it out of step."""

_PRINTABLE: Final = re.compile(rb"=(?:[0-9A-Fa-f]{2}|[ \t]*\r?\n)")
"""Quoted-printable. Apart from the others, as the end of ``token=deadbeef`` is none, and would be taken for one."""

_MAY_BE: Final = re.compile(rb"[%\\&]|=[0-9A-Fa-f \t\r\n]|=$")

BASE64: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")


def may_be_escaped(text: bytes) -> bool:
    """Whether anything in the text, cut where it is, may be the other notation of a character."""
    return _MAY_BE.search(text) is not None


def places_of_escaped(
    raw: bytes, readings: Iterable[tuple[bytes, array[int]]], needles: Needles[bytes], cores: Needles[bytes]
) -> list[tuple[int, int]]:
    """Where a value stands in these readings of the text, whichever of its characters are escaped, and with ``+`` for
    space; and each run of base64 that holds one of ``cores``. ``needles``: see ``needles_of``.
    """
    found = list(_runs_of_base64(raw, array("L", range(len(raw) + 1)), cores))
    for decoded, begins in readings:
        spaced = decoded.replace(b"+", b" ")
        for needle in needles.inside(spaced):
            found += ((begins[at], begins[end]) for at, end in places_of(spaced, needle))
        found += _runs_of_base64(decoded, begins, cores)
    return [place for place in found if not any(is_inside_one(raw, end) for end in place)]


def _runs_of_base64(text: bytes, begins: array[int], cores: Needles[bytes]) -> Iterable[tuple[int, int]]:
    """The whole runs that hold a core: what is left of one would tell the rest."""
    for core in cores.inside(text):
        done = 0
        for at, end in places_of(text, core):
            if end <= done:
                continue
            while at > done and text[at - 1] in BASE64:
                at -= 1
            while end < len(text) and text[end] in BASE64:
                end += 1
            done = end
            yield begins[at], begins[end]


def readings_of(raw: bytes) -> Iterable[tuple[bytes, array[int]]]:
    """The text read once, twice ..., as long as that changes it, and for each byte of it where in ``raw`` it begins."""
    text, begins = raw, array("L", range(len(raw) + 1))
    for depth in range(DEPTH + 1):
        yield from _readings_of_printable(text, begins, DEPTH - depth)
        decoded, at = read_escapes(text, ESCAPE)
        if depth == DEPTH or len(decoded) == len(text):
            break
        text, begins = decoded, array("L", (begins[place] for place in at))
        yield text, begins
    yield from _readings_of_mixed(raw)


def _readings_of_mixed(raw: bytes) -> Iterable[tuple[bytes, array[int]]]:
    """The same of a text in which backslashes are escaped themselves, one here, one there (``\\\\%5Cu0041``): each time
    all that is percent-encoded or HTML's is read before they are."""
    text, begins = raw, array("L", range(len(raw) + 1))
    if b"\\" not in raw or _LONE.search(raw) is None:
        return
    for escapes in (_LONE, _PAIRED) * DEPTH:
        for _ in range(DEPTH if escapes is _LONE else 1):
            decoded, at = read_escapes(text, escapes)
            if len(decoded) == len(text):
                break
            text, begins = decoded, array("L", (begins[place] for place in at))
            yield text, begins


def _readings_of_printable(text: bytes, begins: array[int], depth: int) -> Iterable[tuple[bytes, array[int]]]:
    """The same of a text that is read as quoted-printable first."""
    escape = _PRINTABLE
    for _ in range(depth + 1):
        decoded, at = read_escapes(text, escape)
        if len(decoded) == len(text):
            return
        text, begins, escape = decoded, array("L", (begins[place] for place in at)), ESCAPE
        yield text, begins


def needles_of(value: str) -> set[bytes]:
    """What a reader finds who looks for the value: it, and what is made of one that itself looks like an escape
    (``a%41``); with spaces for ``+``."""
    return needles_of_bytes(as_bytes(value))


def needles_of_bytes(raw: bytes) -> set[bytes]:
    """The same of a value in whatever encoding."""
    return {one.replace(b"+", b" ") for one in (raw, *(text for text, _ in readings_of(raw))) if one}


def read_escapes(text: bytes, escapes: re.Pattern[bytes]) -> tuple[bytes, array[int]]:
    """What the text says, and for each byte of that (and the end) where in the text it begins."""
    said, begins, last = bytearray(), array("L"), 0
    for escape in escapes.finditer(text):
        said += text[last : escape.start()]
        begins.extend(range(last, escape.start()))
        meaning = _meaning(escape[0])
        said += meaning
        begins.extend([escape.start()] * len(meaning))
        last = escape.end()
    begins.extend(range(last, len(text) + 1))
    return bytes(said + text[last:]), begins


@lru_cache(maxsize=4096)
def _meaning(escape: bytes) -> bytes:
    if escape[-1:].isspace() or escape[-1:] in (b"+", b">", b"\xa0"):
        return b""
    if escape[:2] == b"\\U":
        return chr(int(escape[2:], 16)).encode(errors="surrogatepass")
    if escape[:1] in b"%=" or escape[:2] == b"\\x":
        return bytes([int(escape[-2:], 16)])
    if escape[:1] == b"&":
        return as_bytes(html.unescape(escape.decode()))
    return b"'" if escape == b"\\'" else as_bytes(json.loads(b'"' + escape + b'"'))


def as_bytes(text: str) -> bytes:
    """In UTF-8, whatever the text holds."""
    return text.encode(errors="surrogatepass")
