"""What a cut has left of a value: its beginning before the mark of the cut, its end behind it.

We cut at the end, by ``…``. Libraries and services do so by three dots, and many in the middle, to show both ends
(pydantic, reprlib, SQLAlchemy). An escape that the cut went through has left a piece that tells nothing by itself; the
value is looked for beyond that.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from orchestrator.secrets.escapes import DEPTH, may_be_escaped, readings_of
from orchestrator.secrets.needles import Parts
from orchestrator.secrets.places import is_inside_one
from orchestrator.secrets.wrapped import SHORTEST_BARE, readings_of_wrapped

_READ_AS: Final = ("utf-8", "cp1252", "latin-1")
"""What a reader may have taken the mark's bytes for."""

_MARK: Final = re.compile(
    rb"\[?(?:"
    + b"|".join("…".encode().decode(encoding).encode() for encoding in _READ_AS)
    + rb"|(?<!\\)\\+(?:u2026|xe2\\+x80\\+xa6)|&(?:hellip|#8230|#[xX]2026);|%[eE]2%80%[aA]6"
    + rb"|\.{3,}(?: \(\d{1,12} characters truncated\) \.{3})?)\]?"
)
"""As it is, as JSON, Python, HTML or an address writes it; dots. Brackets around it are its own."""

_SIGNS: Final = ("...", "…", "u2026", "#x2026", "#X2026", "hellip", "8230", "80%A", "80%a", "x80", "€¦", "\x80¦")
"""One of these is in every text that has a mark."""

_UNFINISHED: Final = re.compile(
    rb"(?:[%=][0-9A-Fa-f]?"
    rb"|\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?|U[0-9A-Fa-f]{0,7})?|\\u[dD][89abAB][0-9A-Fa-f]{2}|\xed[\xa0-\xaf][\x80-\xbf]"
    rb"|&(?:#[0-9]{0,7}|#[xX][0-9A-Fa-f]{0,6}|[A-Za-z][A-Za-z0-9]{0,31})?)\Z"
)
"""The first part of an escape, at the end; of a pair of surrogates also the first of the two, read or not."""

_LEFT_OVER: Final = re.compile(
    rb"[uUxX]?[0-9A-Fa-f]{1,8}|#?[0-9A-Za-z]{0,32};|\xed[\xa0-\xbf][\x80-\xbf]|[\"'\\/bfnrt]"
)
"""The last part of one, at the beginning, the longest that it may be; also a surrogate, read alone."""

_LONGEST_UNFINISHED: Final = 34


class SecretParts(NamedTuple):
    """Of all values: as a message may write them, as they are found in a text that was read, and in one that was read
    without white space."""

    spelled: Parts
    read: Parts
    bare: Parts


def may_be_cut(text: str) -> bool:
    """Whether it is worth looking for a mark."""
    return any(sign in text for sign in _SIGNS)


def places_at_cuts(raw: bytes, parts: SecretParts) -> Iterator[tuple[int, int]]:
    """The longest beginning of a value directly before each cut, and the longest end of one directly behind it, with
    the piece of an escape that is left between. What stands between two cuts is read once."""
    marks = [(mark.start(), mark.end()) for mark in _MARK.finditer(raw)]
    if not marks:
        return
    begins = [0, *(end for _, end in marks)]
    ends = [*(begin for begin, _ in marks), len(raw)]
    for at, (first, last) in enumerate(zip(begins, ends, strict=True)):
        if last - first < parts.spelled.shortest:
            continue
        end, begin = _left_of_values(raw[first:last], parts, behind_a_cut=at > 0, before_a_cut=at < len(marks))
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
    end = len(text)
    yield end
    for _ in range(DEPTH):
        found = _UNFINISHED.search(text, max(end - _LONGEST_UNFINISHED, 0), end)
        if found is None:
            return
        end = found.start()
        yield end


def _left_of_escapes(text: bytes) -> int:
    """How many bytes at the text's begin the cut may have left of escapes, each in another."""
    end = 0
    for _ in range(DEPTH):
        found = _LEFT_OVER.match(text, end)
        if found is None:
            break
        end = found.end()
    return end
