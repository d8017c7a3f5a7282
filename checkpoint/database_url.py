"""URLs of databases, those of checkpoints and of archives: read in one place, before a driver sees them.

The parts are found as SQLAlchemy finds them, which is who dials: a password with an ``@`` in it ends at the first one,
and the rest of it would be host and port. So no message holds anything of the URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

EXAMPLE: Final = "expected postgresql://user:password@host/database or sqlite:///path"

_PARTS: Final = re.compile(
    r"(?P<scheme>[A-Za-z0-9_+]+)://"
    r"(?:(?P<who>[^:/]*(?::[^@]*)?)@)?"
    r"(?P<host>\[[^/?]+\]|[^/:?]+)?(?::(?P<port>[^/?]*))?"
    r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_HOST: Final = re.compile(r"[\w.-]{1,253}(?:,[\w.-]{1,253})*|\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_OPTION: Final = re.compile(r"[a-z_]{1,60}=.*", re.DOTALL)
_ESCAPES: Final = "(in a password, '@' is written %40, ':' %3A, '/' %2F and '?' %3F)"
_DIALECTS: Final = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
}


class BadDatabaseUrl(ValueError):
    """No URL of a database that we take, or one that no driver could open."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A checked URL. ``text``: as SQLAlchemy takes it, with the password; ``is_file``: SQLite, else PostgreSQL."""

    text: str
    is_file: bool


def parse_database_url(url: str) -> DatabaseUrl:
    """The checked URL. Raises ``BadDatabaseUrl``."""
    if re.search(r"[\x00-\x1f\x7f]", url):
        raise BadDatabaseUrl(f"{EXAMPLE}, without control characters")
    found = _PARTS.fullmatch(url)
    if found is None:
        raise BadDatabaseUrl(EXAMPLE)
    scheme = found["scheme"].lower()
    if scheme not in _DIALECTS:
        raise BadDatabaseUrl(f"{EXAMPLE}; no other database is supported")
    text = f"{_DIALECTS[scheme]}{url[len(scheme) :]}"
    if _DIALECTS[scheme] == "sqlite":
        _require_file(found)
        return DatabaseUrl(text, is_file=True)
    _require_server(found)
    return DatabaseUrl(text, is_file=False)


def _require_server(found: re.Match[str]) -> None:
    host, port = found["host"], found["port"]
    if (host and not _HOST.fullmatch(host)) or (port and not (_PORT.fullmatch(port) and 0 < int(port) < 65536)):
        raise BadDatabaseUrl(f"{EXAMPLE}; host or port cannot be dialled {_ESCAPES}")
    if "@" in (found["database"] or ""):
        raise BadDatabaseUrl(f"{EXAMPLE}; the name of the database holds an '@' {_ESCAPES}")
    for option in filter(None, (found["query"] or "").split("&")):
        if not _OPTION.fullmatch(option):
            raise BadDatabaseUrl(f"{EXAMPLE}, and options as ?name=value {_ESCAPES}")


def _require_file(found: re.Match[str]) -> None:
    if found["who"] is not None or found["host"] or found["port"] is not None:
        raise BadDatabaseUrl(
            "a database of SQLite is a file and has no host: sqlite:///path, or sqlite:////absolute/path"
        )
    path, options = (found["database"] or "").strip(), found["query"] or ""
    if path in ("", ":memory:") or "memory" in options:
        raise BadDatabaseUrl("a database in memory is lost with its process; name a file")
    if options:
        raise BadDatabaseUrl("a database of SQLite takes no options: sqlite:///path")
