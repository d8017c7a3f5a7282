"""Patterns of names: ``*`` stands for any run of characters, everything else for itself.

The same as ``includes/pattern.lua``, which the scripts match with. Looked for piece by piece, so no pattern takes long.
"""

from __future__ import annotations


def is_like(text: str, pattern: str) -> bool:
    """Whether the whole text is as the pattern says."""
    first, *others = pattern.split("*")
    if not others:
        return text == first
    *middle, last = others
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(last) >= at and text.endswith(last)
