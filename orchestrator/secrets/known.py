"""The secrets that a process knows, and every form in which a text may hold one of them.

A request gives a value forms that no template made: the name of a host goes in small letters and in punycode; httpx
writes a URL's user and password as base64 of the two together, and percent-encodes other characters in a path than in
a query; a service that echoes it writes JSON or HTML in its own way. So these forms are not listed but looked for by
what they mean; listed are those that a cut may have left the beginning of.
"""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import permutations
from typing import Final
from urllib.parse import quote, quote_plus

from orchestrator.secrets.addresses import said_of_address
from orchestrator.secrets.cuts import Marks, SecretParts, places_at_cuts
from orchestrator.secrets.escapes import (
    as_bytes,
    may_be_escaped,
    needles_of,
    needles_of_bytes,
    places_of_escaped,
    readings_of,
)
from orchestrator.secrets.needles import Needles, Parts
from orchestrator.secrets.places import HiddenPlaces, places_of
from orchestrator.secrets.wrapped import SHORTEST_BARE, places_of_wrapped, readings_of_wrapped, without_gaps
from steps.http.address import encoded_host

MASK: Final = "***"

SHORTEST: Final = 4
"""A shorter value could not be masked without masking half of every message."""

_ENCODINGS: Final = ("utf-8", "latin-1", "cp1252")
"""That a service may use, or a reader take its text for."""

_PUNYCODE = re.compile(rb"xn--([a-z0-9-]{1,59})", re.IGNORECASE)


class KnownSecrets:
    """Never changed: one with more is another. What they are found by is made when a text is first masked."""

    def __init__(
        self,
        values: frozenset[str] = frozenset(),
        spellings: frozenset[str] = frozenset(),
        cores: frozenset[str] = frozenset(),
        needles: frozenset[bytes] = frozenset(),
        given: frozenset[str] = frozenset(),
    ) -> None:
        self.given = given
        """What it was made of."""
        self.values = values
        self._spelled = spellings
        """As a message may write them."""
        self._coded = cores
        """What base64 makes of them, whatever stands before and behind."""
        self._read = needles
        """What they are found by in a text that was read (see ``escapes``)."""

    def with_value(self, value: str) -> KnownSecrets:
        """These and one more, and what a request makes of it alone."""
        return self.with_values((value,))

    def with_values(self, values: Iterable[str]) -> KnownSecrets:
        """The same of several."""
        values = tuple(values)
        known, spelled, cores, needles = set(self.values), set(self._spelled), set(self._coded), set(self._read)
        for one in {part for value in values for part in (value, *said_of_address(value)) if len(part) >= SHORTEST}:
            coded, read = set(_coded(one)), {one, *_misread(one)}
            known |= read
            spelled.update(*map(_spellings, read))
            cores.update(*map(_cores, coded))
            needles.update(*map(needles_of, read), *map(needles_of_bytes, coded))
        given = self.given.union(values)
        return KnownSecrets(frozenset(known), _long_enough(spelled), _long_enough(cores), frozenset(needles), given)

    def without_values(self, values: Iterable[str]) -> KnownSecrets:
        """The same without these, made anew: a form may be one of several values."""
        return KnownSecrets().with_values(self.given.difference(values))

    @cached_property
    def _spellings(self) -> Needles[bytes]:
        return Needles(map(as_bytes, self._spelled))

    @cached_property
    def _cores(self) -> Needles[bytes]:
        return Needles(core.encode() for core in self._coded)

    @cached_property
    def _needles(self) -> Needles[bytes]:
        return Needles(self._read)

    @cached_property
    def _hosts(self) -> Needles[str]:
        return Needles(map(_folded, self.values))

    @cached_property
    def _bare(self) -> frozenset[bytes]:
        """What they are found by in a text that was read without white space (see ``wrapped``)."""
        return frozenset(map(without_gaps, (*self._read, *(core.encode() for core in self._coded)))) - {b""}

    @cached_property
    def _wrapped(self) -> Needles[bytes]:
        return Needles(self._bare)

    @cached_property
    def _parts(self) -> SecretParts:
        return SecretParts(
            Parts(map(as_bytes, (*self._spelled, *self._coded)), SHORTEST),
            Parts((coded for value in self.values for coded in (as_bytes(value), *_coded(value))), SHORTEST),
            Parts(self._bare, SHORTEST_BARE),
        )

    def masked(self, text: str) -> str:
        """The text with every one of them replaced, also what a cut left of one (see ``cuts``)."""
        if not self.values:
            return text
        raw = as_bytes(text)
        escaped, marks = may_be_escaped(raw), Marks(raw)
        found = [place for value in self._spellings.inside(raw) for place in places_of(raw, value)]
        if "xn--" in text:
            found += (label.span() for label in _PUNYCODE.finditer(raw) if self._is_coded_in(label[1]))
        if escaped or self._cores.inside(raw):
            found += places_of_escaped(raw, marks.noted(readings_of(raw)), self._needles, self._cores)
        folded = marks.noted(readings_of_wrapped(raw, escaped=escaped))
        found += places_of_wrapped(raw, folded, self._wrapped, HiddenPlaces(found), escaped=escaped)
        if marks:
            found += places_at_cuts(raw, marks, self._parts)
        return HiddenPlaces(found).covered(raw, MASK.encode()).decode(errors="surrogatepass") if found else text

    def _is_coded_in(self, label: bytes) -> bool:
        """Whether one is in a label of a host's name, whose letters are coded all together, whatever part it is."""
        try:
            meant = _folded(label.decode("punycode"))
        except (UnicodeError, ValueError, OverflowError):
            return False
        return bool(self._hosts.inside(meant))


def _long_enough(values: Iterable[str]) -> frozenset[str]:
    return frozenset(one for one in values if len(one) >= SHORTEST)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _as_host(value: str) -> set[str]:
    """What a request makes of it in the name of a host."""
    try:
        return {encoded_host(value)}
    except ValueError:
        return set()


def _spellings(value: str) -> set[str]:
    return _as_host(value) | {
        value, " ".join(value.split()), quote(value), quote(value, safe=""), quote_plus(value), repr(value)[1:-1],
        json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1].replace("/", r"\/"), html.escape(value),
    }  # fmt: skip


def _coded(value: str) -> Iterator[bytes]:
    """The value in each encoding that has its characters; and as ``\\xf1\\u0430`` is read, in which Latin-1 stands
    beside others: in Python's ``ascii`` all of it, in its ``repr`` what is not for printing."""
    for escaped in (str.isascii, str.isprintable):
        yield b"".join(
            one.encode("utf-8" if escaped(one) or one > "\xff" else "latin-1", "surrogatepass") for one in value
        )
    for encoding in _ENCODINGS:
        with suppress(UnicodeEncodeError):
            yield value.encode(encoding)


def _misread(value: str) -> Iterator[str]:
    """What a reader makes of it who takes one encoding for another."""
    if value.isascii():
        return
    for written, read in permutations(_ENCODINGS, 2):
        with suppress(UnicodeEncodeError):
            yield value.encode(written).decode(read, errors="replace")


def _cores(raw: bytes) -> set[str]:
    """Base64 makes four characters of three bytes: a text is coded in one of three ways, and its ends with others."""
    found = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            coded = encode(b"\0" * before + raw).decode()
            found.add(coded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6])
    return found
