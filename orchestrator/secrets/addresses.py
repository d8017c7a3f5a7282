"""What a request makes of a secret that is an address, or part of one: what it says of it is quoted by whoever answers.

A service that refuses a request quotes its path, its query or its ``Authorization``, and none of these is the secret
itself, when that is a whole URL. What anybody could have written (``/api/v1/health``) is not masked on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, unquote

SHORTEST_PART: Final = 8
"""A shorter part of a path or a query would be found in messages that do not speak of it."""

HARMLESS_SEGMENT: Final = r"[A-Za-z._-]{0,24}|[0-9]{1,6}|v[0-9]{1,3}"
"""Of a path: plain words and small numbers."""

_PLAIN: Final = re.compile(HARMLESS_SEGMENT)
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://|[^\s/?#]{1,300}[.:@][^\s/?#]{1,300}[/?]|/")


def said_of_address(value: str) -> set[str]:
    """The parts of the value that are secret without the rest, each as it is sent; none when it is no address."""
    if "/" not in value or len(value.splitlines()) > 1:
        return set()
    found = _of_path(value)
    if _ADDRESS.match(value) is None:
        return found
    whole = value if "://" in value else f"http://{'' if value[0] != '/' else 'h'}{value}"
    # Loaded for who has such a secret: a command that has none starts the sooner.
    import httpx

    try:
        url = httpx.URL(whole)
    except (httpx.InvalidURL, ValueError):
        return found
    rest = whole.partition("://")[2]
    who, _, _ = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")
    behind = re.search(r"[/?][^#]*", rest)
    found.update(_of_user(who), _of_user(url.userinfo.decode("ascii", "replace")))
    for path in (url.raw_path.decode("ascii", "replace"), behind[0] if behind else ""):
        found.update(_of_target(path))
    return found


def _of_user(who: str) -> Iterator[str]:
    """``user:password`` as it stands there and as ``Basic`` codes it, and what of it is secret alone."""
    if not who:
        return
    for said in (who, unquote(who), ":".join(unquote(part) for part in who.split(":", 1))):
        user, colon, password = said.partition(":")
        if colon:
            yield said
            yield password
        elif _is_telling(user):
            yield user


def _of_target(target: str) -> Iterator[str]:
    """A path with its query: together, each, and the segments and values that tell something."""
    path, _, query = target.partition("?")
    segments = [segment for segment in path.split("/") if segment]
    telling = [segment for segment in segments if _is_telling(segment)]
    if query or telling:
        yield target
    if telling:
        yield path
        yield from telling
    values = [said for _, said in parse_qsl(query) if _PLAIN.fullmatch(said) is None]
    if values and len(query) >= SHORTEST_PART:
        yield query
    yield from (said for said in values if _is_telling(said))


def _of_path(value: str) -> set[str]:
    """The value within the path of a URL, where a request takes ``.`` and ``..`` out."""
    if "/." not in f"/{value}" or "://" in value:
        return set()
    import httpx

    try:
        sent = httpx.URL("http://h/" + value.lstrip("/")).raw_path.decode("ascii", "replace").lstrip("/")
    except (httpx.InvalidURL, ValueError):
        return set()
    return {sent} if len(sent) >= SHORTEST_PART else set()


def _is_telling(part: str) -> bool:
    return len(part) >= SHORTEST_PART and _PLAIN.fullmatch(part) is None
