"""The secrets that a process has resolved, and every form in which a text may hold one of them.

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
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

from orchestrator.secrets.addresses import said_of_address
from orchestrator.secrets.escapes import (
    beginning_at_end,
    beginning_before_a_cut,
    may_be_escaped,
    needles_of,
    needles_of_bytes,
    without_escaped,
)
from orchestrator.secrets.wrapped import beginning_of_wrapped, without_gaps, without_wrapped
from steps.http.address import encoded_host

MASK: Final = "***"

SHORTEST: Final = 4
"""A shorter value could not be masked without masking half of every message."""

_OTHERS: Final = ("latin-1", "cp1252")
"""Encodings that a service may use, or a reader take its text for; ``UTF-8`` is everybody's."""

_CUT_MARK = "…"
_PUNYCODE = re.compile(r"xn--([a-z0-9-]{1,59})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """The longest first everywhere, since a value may be part of another."""

    values: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    """As a message may write them."""

    cores: tuple[str, ...] = ()
    """What base64 makes of them, whatever stands before and behind."""

    needles: frozenset[bytes] = frozenset()
    """What they are found by in a text that was read (see ``escapes``)."""

    wrapped: tuple[bytes, ...] = ()
    """What they are found by in a text that was read without white space (see ``wrapped``)."""

    def with_value(self, value: str) -> KnownSecrets:
        """These and one more, and what a request makes of it alone."""
        known = self
        for one in (value, *sorted(said_of_address(value))):
            known = known._with(one)
        return known

    def _with(self, value: str) -> KnownSecrets:
        if len(value) < SHORTEST:
            return self
        coded, read = set(_coded(value)), {value, *_misread(value)}
        cores = _sorted((*self.cores, *(core for raw in coded for core in _cores(raw))))
        needles = self.needles.union(*map(needles_of, read), *map(needles_of_bytes, coded))
        bare = {without_gaps(one) for one in (*needles, *(core.encode() for core in cores))} - {b""}
        return KnownSecrets(
            _sorted((*self.values, *read)),
            _sorted((*self.spellings, *(spelling for one in read for spelling in _spellings(one)))),
            cores,
            needles,
            tuple(sorted(bare, key=lambda one: (-len(one), one))),
        )

    def masked(self, text: str) -> str:
        """The text with every one of them replaced, also one that a cut (``…``) left the beginning of."""
        for value in self.spellings:
            text = text.replace(value, MASK)
        if self.values and "xn--" in text:
            text = _PUNYCODE.sub(self._without_coded, text)
        if self.values and (may_be_escaped(text) or any(core in text for core in self.cores)):
            text = without_escaped(text, self.needles, self.cores, MASK)
        if self.wrapped:
            text = without_wrapped(text, self.wrapped, MASK, escaped=may_be_escaped(text))
        if self.spellings and _CUT_MARK in text:
            *heads, tail = text.split(_CUT_MARK)
            text = _CUT_MARK.join([*map(self._without_beginning, heads), tail])
        return text

    def _without_coded(self, label: re.Match[str]) -> str:
        """A label of a host's name, whose letters are coded all together, whatever part of them is the secret."""
        try:
            meant = _folded(label[1].encode().decode("punycode"))
        except (UnicodeError, ValueError, OverflowError):
            return label[0]
        return MASK if any(_folded(value) in meant for value in self.values) else label[0]

    def _without_beginning(self, text: str) -> str:
        """The text without the longest beginning of a value at its end."""
        lengths = (beginning_at_end(text, value, SHORTEST) for value in (*self.spellings, *self.cores))
        begins = len(text) - max(lengths, default=0)
        if may_be_escaped(text) and (at := beginning_before_a_cut(text, self.values, SHORTEST)) is not None:
            begins = min(begins, at)
        if self.wrapped and (at := beginning_of_wrapped(text, self.wrapped)) is not None:
            begins = min(begins, at)
        return text[:begins] + MASK if begins < len(text) else text


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({one for one in values if len(one) >= SHORTEST}, key=lambda one: (-len(one), one)))


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
    """The value in each encoding that has its characters."""
    for encoding in ("utf-8", *_OTHERS):
        with suppress(UnicodeEncodeError):
            yield value.encode(encoding)


def _misread(value: str) -> Iterator[str]:
    """What a reader makes of it who takes one encoding for another."""
    if value.isascii():
        return
    for encoding in _OTHERS:
        with suppress(UnicodeEncodeError):
            yield value.encode(encoding).decode(errors="replace")
        yield value.encode().decode(encoding, errors="replace")


def _cores(raw: bytes) -> set[str]:
    """Base64 makes four characters of three bytes: a text is coded in one of three ways, and its ends with others."""
    found = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            coded = encode(b"\0" * before + raw).decode()
            found.add(coded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6])
    return found
