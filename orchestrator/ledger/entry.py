"""Why a server that answers does not let us in, or do what was asked: a password, a right. Nobody has to start it, and
waiting does not help."""

from __future__ import annotations

from typing import Final

from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from orchestrator.domain.errors import Unreachable
from orchestrator.settings.redis_url import TCP, parse_redis_url
from orchestrator.settings.url_parts import BadUrl
from steps.told import said_by

_NO_PASSWORD: Final = (
    "NOAUTH",
    "Authentication required",
    "HELLO must be called with the client already authenticated",
)

# A script is told in other words than a command is, and in others again by Redis 6.
_NO_RIGHT: Final = ("NOPERM", "The user executing the script can't", "ACL failure in script")


class NotLetIn(Unreachable):
    """It answers, and refuses our user, our password, or what we may not do."""


def entry_words(error: BaseException, setting: str, example: str = "") -> str | None:
    """What stands behind the server's name: ``refuses the user or password of CHANGEOVER_REDIS_URL``; None for an error
    that tells of something else. ``setting``: what gave its URL; ``example``: of such a URL."""
    if not issubclass(type(error), RedisError):
        return None
    text = said_by(error)
    if "protected mode" in text:
        return "takes no connections from other machines (protected mode); set a password on it"
    if "without any password configured" in text:
        return f"knows no password; take it out of {setting}, or set one on the server"
    if any(words in text for words in _NO_PASSWORD):
        return f"wants a password; give it in {setting}" + (f": {example}" if example else "")
    if issubclass(type(error), NoPermissionError) or any(words in text for words in _NO_RIGHT):
        return f"does not let our user do this ({one_line(text)}); docs/security.md lists what Changeover needs"
    if issubclass(type(error), AuthenticationError) or "WRONGPASS" in text:
        return f"refuses the user or password of {setting}"
    return None


def example_of(url: str) -> str:
    """The URL as it would be with a user and a password; "" where nobody would write it so."""
    try:
        parts = parse_redis_url(url)
    except BadUrl:
        return ""
    return f"{parts.scheme}://user:password@host:port/{parts.database}" if parts.scheme in TCP else ""


def one_line(text: str) -> str:
    """As an error quotes what a server has said."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:200] + "…"
