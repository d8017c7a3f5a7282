"""A value that stands in a text with white space inside: a line was full, or a header, a log, a mail was folded.

MIME breaks base64 at 76 columns and quoted-printable behind a ``=``, a shell behind a ``\\``, a header before a space;
who quotes an answer on one line makes a space of each. So the text is read without any white space, in each notation
that ``escapes`` reads, and the value looked for in that. ``+``, which a form writes for a space, goes with it.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Final

from orchestrator.secrets.escapes import (
    BASE64,
    DEPTH,
    ESCAPE,
    covered,
    ends_before_a_cut,
    is_inside_one,
    may_be_escaped,
    places_of,
    read_escapes,
)
from orchestrator.secrets.needles import Beginnings, Needles

SHORTEST_BARE: Final = 8
"""Without its white space; a shorter one would be found in the ends of two words that stand side by side."""

_GAP: Final = re.compile(rb"[\s+]+")
_FOLD: Final = re.compile(rb"\\?[\s+]+|\+")
_SOFT_BREAK: Final = re.compile(rb"=[ \t]*\s[\s+]*|=[0-9A-Fa-f]{2}|[\s+]+")
_BROKEN: Final = re.compile(rb"=\s")
_READ: Final = re.compile(ESCAPE.pattern + rb"|\\?[\s+]+")


def without_gaps(value: bytes) -> bytes:
    """What a reader looks for who reads without white space; empty when too short to be looked for."""
    found = _GAP.sub(b"", value)
    return found if len(found) >= SHORTEST_BARE else b""


def without_wrapped(text: str, needles: Needles[bytes], mask: str, *, escaped: bool) -> str:
    """The text with each value masked that has white space inside. ``needles`` as ``without_gaps`` makes them;
    ``escaped``: whether anything in the text may be another notation."""
    raw = text.encode(errors="surrogatepass")
    if not escaped and not needles.inside(_GAP.sub(b"", raw)):
        return text
    hidden: list[tuple[int, int]] = []
    for said, begins in _readings(raw, escaped=escaped):
        for needle in needles.inside(said):
            hidden += (_whole_words(raw, begins[at], begins[end]) for at, end in places_of(said, needle))
    whole = sorted(place for place in hidden if not any(is_inside_one(raw, end) for end in place))
    return covered(raw, whole, mask.encode()).decode(errors="surrogatepass") if whole else text


def beginning_of_wrapped(text: str, beginnings: Beginnings[bytes]) -> int | None:
    """Where the beginning of one stands at the end of a text that was cut, with white space inside; None if none."""
    if len(text) < SHORTEST_BARE:
        return None
    raw = text.encode(errors="surrogatepass")
    first = len(raw)
    for said, begins in _readings(raw, escaped=may_be_escaped(text)):
        for end in ends_before_a_cut(said):
            if (length := beginnings.at_end(said[:end])) > 0:
                first = min(first, begins[end - length])
    return len(raw[:first].decode(errors="replace")) if first < len(raw) else None


def _whole_words(raw: bytes, begin: int, end: int) -> tuple[int, int]:
    """The place without the white space at its end, and with what of base64 touches it on either side."""
    end = begin + len(raw[begin:end].rstrip())
    while begin > 0 and raw[begin - 1] in BASE64 and raw[begin] in BASE64:
        begin -= 1
    while 0 < end < len(raw) and raw[end] in BASE64 and raw[end - 1] in BASE64:
        end += 1
    return begin, end


def _readings(raw: bytes, *, escaped: bool) -> Iterator[tuple[bytes, array[int]]]:
    """The text without white space, as it is and read once, twice ...; and the same of it as quoted-printable."""
    start = raw, array("L", range(len(raw) + 1))
    folded = _read(start, _FOLD)
    yield folded
    if not escaped:
        return
    soft = start
    for depth in range(DEPTH + 1):
        if _BROKEN.search(soft[0]):
            yield from _read_on(_read(soft, _SOFT_BREAK), DEPTH - depth)
        further = _read(soft, ESCAPE)
        if len(further[0]) == len(soft[0]):
            break
        soft = further
    yield from _read_on(folded, DEPTH)


def _read_on(reading: tuple[bytes, array[int]], depth: int) -> Iterator[tuple[bytes, array[int]]]:
    yield reading
    for _ in range(depth):
        further = _read(reading, _READ)
        if len(further[0]) == len(reading[0]):
            return
        reading = further
        yield reading


def _read(reading: tuple[bytes, array[int]], escapes: re.Pattern[bytes]) -> tuple[bytes, array[int]]:
    text, begins = reading
    said, at = read_escapes(text, escapes)
    return said, array("L", (begins[place] for place in at))
