"""URLs of Redis servers: every part is checked before a client sees it, and spelled as redis-py wants it.

A socket is ``unix://PATH?db=0`` for redis-py and ``redis+socket://PATH?virtual_host=0`` for kombu; either spelling is
taken. kombu is never given its own, which leads it to a transport that is not ours: see ``workers/transport.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import normpath
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from orchestrator.settings.url_parts import PATH, BadUrl, ValuePattern, read_options, require_host, split_url

EXAMPLE: Final = "expected a URL such as redis://host:6379/0"
TCP: Final = ("redis", "rediss")
SOCKETS: Final = ("unix", "redis+socket")
_DATABASE: Final = {"unix": "db", "redis+socket": "virtual_host"}
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_OPTIONS: Final[dict[str, ValuePattern]] = {
    "db": (_WHOLE, "a whole number"),
    "virtual_host": (_WHOLE, "a whole number"),
    "socket_timeout": (_SECONDS, "a number of seconds"),
    "socket_connect_timeout": (_SECONDS, "a number of seconds"),
    "health_check_interval": (_WHOLE, "a whole number"),
    "protocol": (re.compile("[23]"), "2 or 3"),
    "ssl_cert_reqs": (re.compile("none|optional|required"), "none, optional or required"),
    "ssl_check_hostname": (re.compile("true|false"), "true or false"),
    "ssl_ca_certs": PATH,
    "ssl_certfile": PATH,
    "ssl_keyfile": PATH,
}


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
        place = normpath(unquote(self.place)) if self.scheme in SOCKETS else self.place
        return place, self.database

    def for_ledger(self) -> str:
        """With all that is said of the connection."""
        return self._socket(self.options) if self.scheme == "redis+socket" else self.text

    def for_broker(self) -> str:
        """Other options than those of TLS are the broker's own settings."""
        options = {name: value for name, value in self.options.items() if name.startswith("ssl_")}
        if self.scheme in SOCKETS:
            return self._socket({})
        if options == self.options and "db=" not in self.text:
            return self.text
        return self._tcp(self.database, options)

    def neighbour(self) -> RedisUrl:
        """The database beside it. Redis ships with 16, so 15 has its neighbour below."""
        database = self.database + 1 if self.database != 15 else 14
        if self.scheme in SOCKETS:
            moved = RedisUrl(self.text, self.scheme, self.who, self.place, database, self.options)
            return parse_redis_url(moved._socket(self.options))
        return parse_redis_url(self._tcp(database, self.options))

    def _tcp(self, database: int, options: dict[str, str]) -> str:
        netloc = urlsplit(self.text).netloc
        return urlunsplit((self.scheme, netloc, f"/{database}", urlencode(options), ""))

    def _socket(self, options: dict[str, str]) -> str:
        return f"unix://{self.who}{self.place}?{urlencode({'db': self.database, **options})}"


def parse_redis_url(url: str) -> RedisUrl:
    """The URL's parts. Raises ``BadUrl``."""
    if url.startswith("sentinel:"):
        raise BadUrl("sentinel:// is not taken: give an address that follows the master (a proxy, a virtual one)")
    parts = split_url(url, EXAMPLE)
    if parts.scheme not in (*TCP, *SOCKETS):
        raise BadUrl(EXAMPLE)
    options = _options(parts.query, parts.scheme)
    if parts.scheme in SOCKETS:
        return _socket(url, parts.scheme, parts.netloc, parts.path, options)
    host = require_host(parts, EXAMPLE)
    written = parts.path.strip("/")
    if written and not _WHOLE.fullmatch(written):
        raise BadUrl(f"{EXAMPLE}; the database is a whole number")
    if written and "db" in options and options["db"] != written:
        raise BadUrl(f"two databases are given: {written} and db={options['db']}")
    database = int(options.pop("db", written or "0"))
    who, at, _ = parts.netloc.rpartition("@")
    return RedisUrl(url, parts.scheme, who + at, f"{host}:{parts.port or 6379}", database, options)


def _socket(url: str, scheme: str, netloc: str, path: str, options: dict[str, str]) -> RedisUrl:
    who, at, host = netloc.rpartition("@")
    if host or path in ("", "/"):
        raise BadUrl(f"expected an absolute path: {scheme}:///run/redis.sock?{_DATABASE[scheme]}=0")
    database = int(options.pop(_DATABASE[scheme], "0"))
    return RedisUrl(url, scheme, who + at, path, database, options)


def _options(query: str, scheme: str) -> dict[str, str]:
    other = "db" if scheme == "redis+socket" else "virtual_host"
    known = {name: expected for name, expected in _OPTIONS.items() if name != other}
    if scheme != "redis":
        return read_options(query, known)
    plain = {name: expected for name, expected in known.items() if not name.startswith("ssl_")}
    return read_options(query, plain, tls="rediss")
