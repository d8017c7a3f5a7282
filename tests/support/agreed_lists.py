"""Two lists that must name the same; where they do not, the test says which name is missing and where it belongs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Name = TypeVar("Name", str, tuple[str, str])
"""What is told apart: a word, or a word with what it is to be."""


def must_agree(known: Iterable[Name], listed: Iterable[Name], *, lacking: str, left_over: str) -> None:
    """``lacking`` says of each name that is known and not listed what to add where, ``left_over`` of one that is listed
    and not known what to take out; ``{}`` in it is the name."""
    known, listed = set(known), set(listed)
    told: list[str] = [lacking.format(name) for name in sorted(known - listed)]
    told += [left_over.format(name) for name in sorted(listed - known)]
    assert not told, "\n".join(["", *told])
