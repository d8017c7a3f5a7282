"""Headers of every answer: what a browser may do with it."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import Message

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "font", "connect")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Files of ours and nothing else: nothing inline, nothing from elsewhere, in nobody's frame."""

_ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: a browser would then send forms without saying where they come from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add_headers(start: Message, *, is_static: bool, is_named_by_content: bool) -> None:
    """Adds them to the beginning of a response. Only static files are kept by anybody; of those whose address changes
    with what they hold, for good."""
    headers = MutableHeaders(raw=start["headers"])
    headers.update(_ALWAYS)
    if is_static:
        headers["Cache-Control"] = "max-age=31536000, immutable" if is_named_by_content else "no-cache"
    else:
        headers.setdefault("Cache-Control", "no-store")
    start["headers"] = headers.raw
