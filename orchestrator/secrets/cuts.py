"""What a cut has left of a value: its beginning before the mark of the cut, its end behind it.

We cut at the end, by ``…``. Libraries and services do so by three dots, and many in the middle, to show both ends
(pydantic, reprlib, SQLAlchemy). An escape that the cut went through has left a piece that tells nothing by itself; the
value is looked for beyond that.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from orchestrator.secrets.escapes import BASE64, DEPTH, may_be_escaped, readings_of
from orchestrator.secrets.needles import Parts
from orchestrator.secrets.places import HiddenPlaces, is_inside_one
from orchestrator.secrets.wrapped import SHORTEST_BARE, readings_of_wrapped

_CUT: Final = re.compile(
    rb"\[?(?:(?:\xe2|\xc3\xa2)(?:\xc2?\x80|\xe2\x82\xac)\xc2?\xa6"
    rb"|\.{3,}(?: \(\d{1,12} characters truncated\) \.{3})?)\]?"
)
"""``…``, and what it is for who takes it for Latin-1 or Windows-1252, of which some may be written in escapes and some
not; dots. Brackets around it are its own."""

_LOST: Final = re.compile(
    rb"\[?(?:(?:\xef\xbf\xbd)+|\xc2\x85"
    rb"|(?<![\xc2-\xdf])(?<![\xe0-\xef][\x80-\xbf])(?<![\xf0-\xf4][\x80-\xbf]{2})\x85(?![\x80-\xbf]))\]?"
)
"""What ``…`` of Windows-1252 is as UTF-8 (U+FFFD) and as Latin-1, and its byte in an escape, where that is no part of
another character. Values that were misread may hold one, so they are looked for with and without cuts there."""

_GAPS: Final = b" \t\n\v\f\r+"
"""What a mark in a text that was read without it seems to end with (see ``wrapped``)."""

_UNFINISHED: Final = re.compile(
    rb"(?:[%=][0-9A-Fa-f]?"
    rb"|\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?|U[0-9A-Fa-f]{0,7})?|\\u[dD][89abAB][0-9A-Fa-f]{2}|\xed[\xa0-\xaf][\x80-\xbf]"
    rb"|&(?:#[0-9]{0,7}|#[xX][0-9A-Fa-f]{0,6}|[A-Za-z][A-Za-z0-9]{0,31})?"
    rb"|</?(?:[bB]|[bB][rR][\s/]{0,9}|[pP][\s/]{0,9})?|[\"'`])\Z"
)
"""The first part of an escape or of a tag, at the end; of a pair of surrogates also the first of the two, read or not.
And the quotation mark of who quotes what is left before the cut is marked (``"abc"...``), as Node and Go do."""

_QUOTATION_MARKS: Final = (b'"', b"'", b"`")

_LEFT_OVER: Final = re.compile(
    rb"/?[bB]?[rRpP]?[\s/]{0,9}>"
    rb"|[uUxX]?[0-9A-Fa-f]{1,8}|#?[0-9A-Za-z]{0,32};|\xed[\xa0-\xbf][\x80-\xbf]|[\"'\\/bfnrt]"
)
"""The last part of one, at the beginning, the longest that it may be; also a surrogate, read alone."""

_LONGEST_UNFINISHED: Final = 34


class SecretParts(NamedTuple):
    """Of all values: as a message may write them, as they are found in a text that was read, and in one that was read
    without white space."""

    spelled: Parts
    read: Parts
    bare: Parts


class Marks:
    """Where a text is cut: what is a mark in it, and in those of its readings that are noted."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._cuts: set[tuple[int, int]] = set()
        self._lost: set[tuple[int, int]] = set()
        self._note(raw, range(len(raw) + 1))

    def __bool__(self) -> bool:
        return bool(self._cuts or self._lost)

    def noted(self, readings: Iterable[tuple[bytes, array[int]]]) -> Iterator[tuple[bytes, array[int]]]:
        """The same readings, each noted on its way: they are made to find values, and cost more than the marks."""
        for said, begins in readings:
            self._note(said, begins)
            yield said, begins

    def _note(self, said: bytes, begins: Sequence[int]) -> None:
        # Most texts have none, and are many.
        if b"..." in said or b"\xa6" in said:
            self._cuts.update(self._places(_CUT, said, begins))
        if b"\xef\xbf\xbd" in said or b"\x85" in said:
            self._lost.update(self._places(_LOST, said, begins))

    def _places(self, pattern: re.Pattern[bytes], said: bytes, begins: Sequence[int]) -> Iterator[tuple[int, int]]:
        for mark in pattern.finditer(said):
            begin, end = begins[mark.start()], begins[mark.end()]
            yield begin, begin + len(self._raw[begin:end].rstrip(_GAPS))

    def each(self) -> Iterator[list[tuple[int, int]]]:
        """The marks in order, and, if some were lost, once more with those."""
        if self._cuts:
            yield list(HiddenPlaces(self._cuts))
        if self._lost:
            yield list(HiddenPlaces(self._cuts | self._lost))


def places_at_cuts(raw: bytes, marks: Marks, parts: SecretParts) -> Iterator[tuple[int, int]]:
    """The longest beginning of a value directly before each cut, and the longest end of one directly behind it, with
    the piece of an escape that is left between. What stands between two cuts is read once."""
    for cuts in marks.each():
        begins = [0, *(end for _, end in cuts)]
        ends = [*(begin for begin, _ in cuts), len(raw)]
        for at, (first, last) in enumerate(zip(begins, ends, strict=True)):
            if last - first >= parts.spelled.shortest:
                yield from _places_between(raw, first, last, parts, behind_a_cut=at > 0, before_a_cut=at < len(cuts))


def _places_between(
    raw: bytes, first: int, last: int, parts: SecretParts, *, behind_a_cut: bool, before_a_cut: bool
) -> Iterator[tuple[int, int]]:
    end, begin = _left_of_values(raw[first:last], parts, behind_a_cut=behind_a_cut, before_a_cut=before_a_cut)
    end, begin = first + end, first + begin
    while is_inside_one(raw, begin):
        begin -= 1
    while is_inside_one(raw, end):
        end += 1
    if first < end:
        yield first, end
    if begin < last:
        yield begin, last


def _left_of_values(piece: bytes, parts: SecretParts, *, behind_a_cut: bool, before_a_cut: bool) -> tuple[int, int]:
    """Up to where the piece is the end of a value, and from where on it is the beginning of one."""
    end, begin = 0, len(piece)
    for said, at, values in _readings(piece, parts):
        if before_a_cut:
            for stop in _ends_before_a_cut(said):
                if (length := values.beginning_at_end(said[:stop])) > 0:
                    begin = min(begin, at[stop - length])
        if behind_a_cut and (stop := values.end_at_begin(said, _left_of_escapes(said))) > 0:
            end = max(end, len(piece[: at[stop]].rstrip()))
    return end, begin


def _readings(piece: bytes, parts: SecretParts) -> Iterator[tuple[bytes, array[int], Parts]]:
    """The piece in each reading, for each byte of it where in the piece it begins, and what is looked for there."""
    escaped, as_it_is = may_be_escaped(piece), array("L", range(len(piece) + 1))
    yield piece, as_it_is, parts.spelled
    if escaped:
        yield piece, as_it_is, parts.read
        for said, at in readings_of(piece):
            yield said, at, parts.read
    if len(piece) >= SHORTEST_BARE:
        for said, at in readings_of_wrapped(piece, escaped=escaped):
            yield said, at, parts.bare


def _ends_before_a_cut(text: bytes) -> Iterable[int]:
    """Where the text ends, and where it does without the escapes that the cut has left unfinished, each in another."""
    end, mark = len(text), b""
    yield end
    for _ in range(DEPTH):
        found = _UNFINISHED.search(text, max(end - _LONGEST_UNFINISHED, 0), end)
        if found is None or (mark and found[0] == b"=" and not _ends_base64(text[: end - 1], mark)):
            return
        end, mark = found.start(), found[0] if found[0] in _QUOTATION_MARKS else mark
        yield end


def _ends_base64(text: bytes, mark: bytes) -> bool:
    """Whether the ``=`` that follows, with such a quotation mark behind it, may fill up base64 that is quoted, as in
    `"aHVudGU="...`. In `user="...` the mark opens a value."""
    begin = text.rfind(mark) + 1
    return begin > 0 and (len(text) - begin) % 4 == 3 and not text[begin:].strip(bytes(BASE64))


def _left_of_escapes(text: bytes) -> int:
    """How many bytes at the text's begin the cut may have left of escapes, each in another."""
    end = 0
    for _ in range(DEPTH):
        found = _LEFT_OVER.match(text, end)
        if found is None:
            break
        end = found.end()
    return end
