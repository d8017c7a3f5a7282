"""A place in a JSON value: ``$.data.items[0].version``, ``$['a key']``, or a plain key of the top object."""

from __future__ import annotations

import re
from typing import Any, Final

_PART = re.compile(r"\.([^.\[\]\s'\"]+)|\[(\d{1,6})\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")

PATH_LIMIT: Final = 1_000
"""Characters of a path; each poll parses it anew."""


class NotThere(LookupError):
    """The value has nothing at this place; the message says where it ends."""


def parse_path(path: str) -> list[str | int]:
    """The keys and indexes of a path that begins with ``$``; any other text is one plain key. Raises ``ValueError``."""
    if len(path) > PATH_LIMIT:
        raise ValueError(f"a path of more than {PATH_LIMIT} characters")
    if not path.startswith("$"):
        return [path]
    parts: list[str | int] = []
    at = 1
    while at < len(path):
        found = _PART.match(path, at)
        if found is None:
            raise ValueError(f"expected $, then .name, [number] or ['name'] each; wrong from {path[at : at + 20]!r} on")
        name, index, single, double = found.groups()
        parts.append(int(index) if index is not None else name or single or double)
        at = found.end()
    return parts


def check_path(path: str) -> str:
    """The path itself, once it is known to be one; for validators of parameters. Raises ``ValueError``."""
    parse_path(path)
    return path


def find(value: Any, path: str) -> Any:
    """What stands at the path. Raises ``NotThere``."""
    walked = "$"
    for part in parse_path(path):
        if isinstance(part, str):
            if not isinstance(value, dict):
                raise NotThere(f"{walked} is no object")
            if part not in value:
                raise NotThere(f"{walked} has no key {part!r}")
            value = value[part]
            walked += f".{part}"
        else:
            if not isinstance(value, list):
                raise NotThere(f"{walked} is no list")
            if part >= len(value):
                raise NotThere(f"{walked} has only {len(value)} items")
            value = value[part]
            walked += f"[{part}]"
    return value
