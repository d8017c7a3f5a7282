"""What people are shown of the URL of a server."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, unquote

from orchestrator.secrets.addresses import HARMLESS_SEGMENT
from orchestrator.secrets.known import MASK

_FILES: Final = frozenset({"unix", "redis+socket", "sqlite"})
_HTTP: Final = frozenset({"http", "https"})
_REDIS: Final = frozenset({"redis", "rediss"})
_DATABASE: Final = re.compile(r"/[0-9]{1,9}/?")
_PLAIN: Final = re.compile(HARMLESS_SEGMENT)


_PLACE: Final = re.compile(r"(?:[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PLACES: Final = re.compile(r"(?:[\w.-]{1,253}:[0-9]{1,5})(?:,[\w.-]{1,253}:[0-9]{1,5}){1,20}")


def shown_place(place: str) -> str:
    """Host and port, or several of them, as they are; the mask for what is anything else. A URL without its host, or
    with its @ percent-encoded, has a password there."""
    return place if _PLACE.fullmatch(place) or _PLACES.fullmatch(place) else MASK


def shown_server(parts: SplitResult, who: str = "", query: str = "", fragment: str = "") -> str:
    """The URL with these in the place of its user, query and fragment. Of its path a database's number, a file's name
    and what anybody could have written: a password that a slash too many stands before is in it."""
    if not parts.netloc and not parts.path.startswith("/"):
        # What has no // is no URL: which of its parts is what nobody knows.
        return MASK
    if _is_torn(parts):
        return f"{parts.scheme}://{MASK}"
    host = parts.netloc and shown_place(parts.netloc.rpartition("@")[2])
    tail = (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return f"{parts.scheme}://{who}{host}{_shown_path(parts.scheme, parts.path)}{tail}"


def _is_torn(parts: SplitResult) -> bool:
    """Whether an ``@`` stands behind the host: what is read as one may be a piece of a password with a slash in it."""
    if parts.scheme == "sqlite" or not any("@" in part for part in (parts.path, parts.query, parts.fragment)):
        return False
    return parts.scheme not in _HTTP or "@" in parts.netloc


def _shown_path(scheme: str, path: str) -> str:
    if scheme in _FILES or not path.strip("/"):
        return path
    if scheme in _REDIS:
        return path if _DATABASE.fullmatch(path) else f"/{MASK}"
    return "/".join(one if _PLAIN.fullmatch(one) or unquote(one) == "/" else MASK for one in path.split("/"))
