"""What the URLs of all servers are checked for before a client sees them. No message holds anything of a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from orchestrator.domain.errors import cut_text
from orchestrator.domain.naming import nearest
from orchestrator.secrets.server_urls import shown_server

ValuePattern = tuple[re.Pattern[str], str]
"""What an option's value must match, and how that is called."""

PATH: Final[ValuePattern] = (re.compile(".+"), "a path")

_HOST_AND_PORT: Final = re.compile(r"[\w.-]{1,253}:[0-9]{1,5}(/[0-9]{0,9})?")


class BadUrl(ValueError):
    """No URL of such a server, or one that no client of ours could dial."""


def split_url(url: str, example: str) -> SplitResult:
    """The URL's parts; its port is a number. Raises ``BadUrl``."""
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise BadUrl(f"{example}, without spaces or control characters")
    if "#" in url:
        raise BadUrl("no '#' may stand in it; in a password it is written %23")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        # Not in urlsplit's words: they may quote a part of the password.
        why = "Port out of range 0-65535" if "range" in str(error) else "host or port cannot be dialled"
        raise BadUrl(f"{example} ({why})") from None
    return parts


def require_host(parts: SplitResult, example: str) -> str:
    """The one host that the URL names. Raises ``BadUrl``."""
    host = parts.hostname
    if not host or parts.port == 0 or not _is_host(host):
        raise BadUrl(f"{example}; host or port cannot be dialled")
    return host


def read_options(query: str, known: Mapping[str, ValuePattern], tls: str = "") -> dict[str, str]:
    """What stands behind the ``?``. ``tls``: the scheme that those of TLS need, if it is another. Raises ``BadUrl``."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if tls and name.startswith("ssl_"):
            raise BadUrl(f"unknown option {cut_text(name, 60)!r}; TLS needs {tls}://")
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else f"known: {', '.join(known) or 'none'}"
            raise BadUrl(f"unknown option {cut_text(name, 60)!r}; {hint}")
        pattern, expected = known[name]
        if name in found:
            raise BadUrl(f"the option {name!r} is given twice")
        if not pattern.fullmatch(value):
            raise BadUrl(f"the option {name!r}: expected {expected}")
        found[name] = value
    return found


def shown_url(url: str) -> str | None:
    """The URL as an error may show it: without user, password, query, fragment and what its path may hold of one; None
    when it is not clear where those are, as in what is no URL, but for ``host:port``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if "@" in url and "@" not in parts.netloc:
        return None
    if "://" not in url:
        return url if _HOST_AND_PORT.fullmatch(url) else None
    return shown_server(parts)


def _is_host(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return not set(host) & set("/\\,;'\"<>^`{|}")
