"""URLs of Redis servers: every part is checked before a client sees it, and spelled as each client wants it.

``redis://`` and ``rediss://`` are the same for redis-py and kombu. A socket is ``unix://PATH?db=0`` for the one and
``redis+socket://PATH?virtual_host=0`` for the other; either spelling is taken for either server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from orchestrator.domain.naming import nearest

EXAMPLE: Final = "expected a URL such as redis://host:6379/0"
TCP: Final = ("redis", "rediss")
SOCKETS: Final = ("unix", "redis+socket")
_DATABASE: Final = {"unix": "db", "redis+socket": "virtual_host"}
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_OPTIONS: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    "db": (_WHOLE, "a whole number"),
    "virtual_host": (_WHOLE, "a whole number"),
    "socket_timeout": (_SECONDS, "a number of seconds"),
    "socket_connect_timeout": (_SECONDS, "a number of seconds"),
    "health_check_interval": (_WHOLE, "a whole number"),
    "protocol": (re.compile("[23]"), "2 or 3"),
    "ssl_cert_reqs": (re.compile("none|optional|required"), "none, optional or required"),
    "ssl_check_hostname": (re.compile("true|false"), "true or false"),
    "ssl_ca_certs": (re.compile(".+"), "a path"),
    "ssl_certfile": (re.compile(".+"), "a path"),
    "ssl_keyfile": (re.compile(".+"), "a path"),
}


class BadUrl(ValueError):
    """No Redis URL, or one that no client of ours could dial; the message holds nothing of its password."""


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """A checked URL. ``place``: host and port, or the socket's path; ``who``: user and password as written, with @."""

    text: str
    scheme: str
    who: str
    place: str
    database: int
    options: dict[str, str]

    @property
    def address(self) -> tuple[str, int]:
        """Equal for two URLs of one database."""
        return self.place, self.database

    def for_ledger(self) -> str:
        """As redis-py takes it."""
        if self.scheme == "redis+socket":
            return self._socket("unix", self.options)
        return self.text

    def for_broker(self) -> str:
        """As kombu takes it: other options than those of TLS are the broker's own settings."""
        options = {name: value for name, value in self.options.items() if name.startswith("ssl_")}
        if self.scheme in SOCKETS:
            return self._socket("redis+socket", {})
        if options == self.options and "db=" not in self.text:
            return self.text
        return self._tcp(self.database, options)

    def neighbour(self) -> RedisUrl:
        """The database beside it. Redis ships with 16, so 15 has its neighbour below."""
        database = self.database + 1 if self.database != 15 else 14
        if self.scheme in SOCKETS:
            moved = RedisUrl(self.text, self.scheme, self.who, self.place, database, self.options)
            return parse_redis_url(moved._socket("unix", self.options))
        return parse_redis_url(self._tcp(database, self.options))

    def _tcp(self, database: int, options: dict[str, str]) -> str:
        netloc = urlsplit(self.text).netloc
        return urlunsplit((self.scheme, netloc, f"/{database}", urlencode(options), ""))

    def _socket(self, scheme: str, options: dict[str, str]) -> str:
        query = urlencode({_DATABASE[scheme]: self.database, **options})
        return f"{scheme}://{self.who}{self.place}?{query}"


def shown_url(url: str) -> str | None:
    """The URL as an error may show it: without user, password, query and fragment; None when it is not clear where
    those are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if "@" in url and "@" not in parts.netloc:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def parse_redis_url(url: str) -> RedisUrl:
    """The URL's parts. Raises ``BadUrl``."""
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise BadUrl(f"{EXAMPLE}, without spaces or control characters")
    try:
        parts = urlsplit(url)
        if parts.scheme == "sentinel":
            raise BadUrl("sentinel:// is not taken: give an address that follows the master (a proxy, a virtual one)")
        port = parts.port
    except ValueError as error:
        if isinstance(error, BadUrl):
            raise
        # Not in urlsplit's words: they may quote a part of the password.
        why = "Port out of range 0-65535" if "range" in str(error) else "host or port cannot be dialled"
        raise BadUrl(f"{EXAMPLE} ({why})") from None
    if parts.scheme not in (*TCP, *SOCKETS):
        raise BadUrl(EXAMPLE)
    if parts.fragment or "#" in url:
        raise BadUrl("no '#' may stand in it; in a password it is written %23")
    options = _options(parts.query, parts.scheme)
    if parts.scheme in SOCKETS:
        return _socket(url, parts.scheme, parts.netloc, parts.path, options)
    if not parts.hostname or port == 0 or not _is_host(parts.hostname):
        raise BadUrl(f"{EXAMPLE}; host or port cannot be dialled")
    written = parts.path.strip("/")
    if written and not _WHOLE.fullmatch(written):
        raise BadUrl(f"{EXAMPLE}; the database is a whole number")
    if written and "db" in options and options["db"] != written:
        raise BadUrl(f"two databases are given: {written} and db={options['db']}")
    database = int(options.pop("db", written or "0"))
    who, at, _ = parts.netloc.rpartition("@")
    return RedisUrl(url, parts.scheme, who + at, f"{parts.hostname}:{port or 6379}", database, options)


def _socket(url: str, scheme: str, netloc: str, path: str, options: dict[str, str]) -> RedisUrl:
    who, at, host = netloc.rpartition("@")
    if host or path in ("", "/"):
        raise BadUrl(f"expected an absolute path: {scheme}:///run/redis.sock?{_DATABASE[scheme]}=0")
    database = int(options.pop(_DATABASE[scheme], "0"))
    return RedisUrl(url, scheme, who + at, path, database, options)


def _options(query: str, scheme: str) -> dict[str, str]:
    known = [name for name in _OPTIONS if name != ("db" if scheme == "redis+socket" else "virtual_host")]
    if scheme == "redis":
        known = [name for name in known if not name.startswith("ssl_")]
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else f"known: {', '.join(known)}"
            tls = "; TLS needs rediss://" if name.startswith("ssl_") and scheme == "redis" else ""
            raise BadUrl(f"unknown option {name[:60]!r}{tls or '; ' + hint}")
        pattern, expected = _OPTIONS[name]
        if name in found:
            raise BadUrl(f"the option {name!r} is given twice")
        if not pattern.fullmatch(value):
            raise BadUrl(f"the option {name!r}: expected {expected}")
        found[name] = value
    return found


def _is_host(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return not set(host) & set("/\\,;'\"<>^`{|}")
