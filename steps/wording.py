"""Bounded text for notes and failure messages: what a server said must not flood a log or an event."""

from __future__ import annotations

from collections.abc import Sequence

QUOTE_LIMIT = 200
"""A quoted answer is cut at this many characters."""

MESSAGE_LIMIT_BYTES = 4000
"""A list of what went wrong is cut at about this many UTF-8 bytes."""


def cut(text: str, limit: int = QUOTE_LIMIT) -> str:
    """The text on one line, cut at ``limit`` characters."""
    # Twice the limit is looked at, not all of it: the text may be 64 KiB, and white space shrinks.
    line = " ".join(text[: 2 * limit].split())
    return line if len(line) <= limit and len(text) <= 2 * limit else line[:limit] + "…"


def quote(text: str) -> str:
    """The text on one line between quotation marks, control characters made visible, cut at ``QUOTE_LIMIT``."""
    shown = repr(cut(text))
    return shown if len(shown) <= QUOTE_LIMIT + 3 else shown[:QUOTE_LIMIT] + "…" + shown[0]


def join_bounded(entries: Sequence[str], limit_bytes: int = MESSAGE_LIMIT_BYTES) -> str:
    """The entries joined with ``; `` up to the limit, then ``and N more``; the first entry is always there."""
    size = 0
    for count, entry in enumerate(entries):
        size += len(entry.encode()) + 2
        if size > limit_bytes and count > 0:
            return f"{'; '.join(entries[:count])}; and {len(entries) - count} more"
    return "; ".join(entries)
