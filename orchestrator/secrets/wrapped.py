"""A value that stands in a text with white space inside: a line was full, or a header, a log, a mail was folded.

MIME breaks base64 at 76 columns and quoted-printable behind a ``=``, a shell behind a ``\\``, a header before a space;
who quotes an answer on one line makes a space of each, a page of HTML a tag. So the text is read without any white
space, in each notation that ``escapes`` reads, and the value looked for in that. ``+``, which a form writes for a
space, goes with it.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from orchestrator.secrets.escapes import BASE64, DEPTH, ESCAPE, read_escapes
from orchestrator.secrets.needles import Needles
from orchestrator.secrets.places import HiddenPlaces, is_inside_one, places_of

SHORTEST_BARE: Final = 8
"""Without its white space; a shorter one would be found in the ends of two words that stand side by side."""

_SPACE: Final = rb"(?:[\s+]+|\xc2\xa0|</?(?:[bB][rR]|[pP])[\s/]{0,9}>)+"
"""White space, and what HTML has for an end of line, a paragraph and a second space."""
_GAP: Final = re.compile(_SPACE)
_FOLD: Final = re.compile(rb"\\?" + _SPACE)
_SOFT_BREAK: Final = re.compile(rb"=[ \t]*\s[\s+]*|=[0-9A-Fa-f]{2}|" + _SPACE)
_BROKEN: Final = re.compile(rb"=\s")
_READ: Final = re.compile(ESCAPE.pattern + rb"|\\?" + _SPACE)


def without_gaps(value: bytes) -> bytes:
    """What a reader looks for who reads without white space; empty when too short to be looked for."""
    found = _GAP.sub(b"", value)
    return found if len(found) >= SHORTEST_BARE else b""


def places_of_wrapped(
    raw: bytes,
    readings: Iterable[tuple[bytes, array[int]]],
    needles: Needles[bytes],
    found: HiddenPlaces,
    *,
    escaped: bool,
) -> Iterator[tuple[int, int]]:
    """Where a value stands in these readings of the text with white space inside; without, it is among those that were
    ``found``. ``needles`` as ``without_gaps`` makes them; ``escaped``: whether anything in the text may be another
    notation."""
    if not escaped and not needles.inside(_GAP.sub(b"", raw)):
        return
    for said, begins in readings:
        for needle in needles.inside(said):
            for at, end in places_of(said, needle):
                if not found.hold(begins[at], begins[end - 1]):
                    place = _whole_words(raw, begins[at], begins[end])
                    if not any(is_inside_one(raw, one) for one in place):
                        yield place


def _whole_words(raw: bytes, begin: int, end: int) -> tuple[int, int]:
    """The place without the white space at its end, and with what of base64 touches it on either side."""
    end = begin + len(raw[begin:end].rstrip())
    while begin > 0 and raw[begin - 1] in BASE64 and raw[begin] in BASE64:
        begin -= 1
    while 0 < end < len(raw) and raw[end] in BASE64 and raw[end - 1] in BASE64:
        end += 1
    return begin, end


def readings_of_wrapped(raw: bytes, *, escaped: bool) -> Iterator[tuple[bytes, array[int]]]:
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
