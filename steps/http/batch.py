"""What the answers of one batch may have together: all are kept until the last has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from steps.contract import HttpAnswer
from steps.http.slots import Share

BATCH_BYTES: Final = 32 * 1024 * 1024
"""An answer of 16 KiB from each of 2,000 instances."""
HEADER_BYTES: Final = 8 * 1024
"""Kept of an answer's headers; those that our own steps read go first."""
_READ: Final = ("location", "retry-after", "date", "content-type")
_EACH_BYTES: Final = 32
"""What a header has beside its text."""


class Batch:
    """Of one call: its share of the slots, and what its answers may still bring."""

    def __init__(self, share: Share, most_bytes: int = BATCH_BYTES) -> None:
        self.share = share
        self._most_bytes = most_bytes
        self._left = most_bytes

    def kept(self, answer: HttpAnswer) -> HttpAnswer:
        """What is kept of an answer: few headers; of one that is too much, its status."""
        headers, header_bytes = _first(answer.headers)
        size = header_bytes + len(answer.body)
        if size > self._left:
            too_long = f"the answers of all instances together are longer than {self._most_bytes} bytes: let each say "
            too_long += "less, or share them out over several steps or tenants"
            return HttpAnswer(answer.key, answer.status, b"", too_long)
        self._left -= size
        return replace(answer, headers=headers)


def _first(headers: Mapping[str, str]) -> tuple[Mapping[str, str], int]:
    """Those that are kept, and their size."""
    size = sum(len(name) + len(value) + _EACH_BYTES for name, value in headers.items())
    if size <= HEADER_BYTES:
        return headers, size
    kept: dict[str, str] = {}
    left = HEADER_BYTES
    read = {name: headers[name] for name in _READ if name in headers}
    for name, value in {**read, **headers}.items():
        size = len(name) + len(value) + _EACH_BYTES
        if size <= left:
            kept[name] = value
            left -= size
    return kept, HEADER_BYTES - left
