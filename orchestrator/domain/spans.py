"""Spans of time as people read them."""

from __future__ import annotations


def span_text(seconds: float | None) -> str:
    """``45s``, ``2m 05s``, ``3h 12m``, ``2d 4h``; nothing for None."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3600}h"
