"""What a text quotes, found in time that grows as the text does, whatever it opens and does not close."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

_OPENS: Final = re.compile(r"(?<!\w)[\"'`]")
# What stands behind a backslash closes nothing.
_CLOSES: Final = re.compile(r"\\.|[\"'`]", re.DOTALL)


class Quotation(NamedTuple):
    """``text`` is what stands between two of these marks, the first of which is at ``start``."""

    start: int
    mark: str
    text: str


def quotations(text: str) -> Iterator[Quotation]:
    """Each that begins where no word goes on, and ends where none does, in order; none within another."""
    closes: dict[str, list[int]] = {"'": [], '"': [], "`": []}
    for found in _CLOSES.finditer(text):
        if found[0] in closes:
            closes[found[0]].append(found.start())
    passed, upto = dict.fromkeys(closes, 0), 0
    for opens in _OPENS.finditer(text):
        start, mark = opens.start(), opens[0]
        if start < upto:
            continue
        places = closes[mark]
        while passed[mark] < len(places) and places[passed[mark]] <= start:
            passed[mark] += 1
        if passed[mark] == len(places):
            continue
        end = places[passed[mark]]
        if not _goes_on(text[end + 1 : end + 2]):
            yield Quotation(start, mark, text[start + 1 : end])
            upto = end + 1


def requoted(text: str, told: Callable[[str], str]) -> str:
    """The text with what ``told`` makes of all that it quotes."""
    parts, upto = list[str](), 0
    for start, mark, quoted in quotations(text):
        parts += [text[upto : start + 1], told(quoted), mark]
        upto = start + len(quoted) + 2
    return "".join((*parts, text[upto:]))


def _goes_on(character: str) -> bool:
    return character == "_" or character.isalnum()
