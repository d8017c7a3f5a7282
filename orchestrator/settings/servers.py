"""Which two Redis servers to use: the settings' own, or those of a ``changeover up`` in the data folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.files.private_file import NotPrivate, read_private
from orchestrator.secrets.masking import redact
from orchestrator.settings.model import Settings

RUN_FILE = "run.json"
"""Written by ``changeover up`` into its data folder; other commands started beside it find the server there."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The two Redis URLs (with passwords): the ledger's and the broker's."""

    redis_url: str
    broker_url: str


def find_servers(settings: Settings) -> Servers:
    """The servers to use: the settings' own, else those of a ``changeover up`` in the data folder.

    Raises ``Unreachable`` when neither names one, ``InvalidInput`` when state and broker would share a database.
    """
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
    broker_url = settings.broker_url.get_secret_value() if settings.broker_url else None
    if redis_url is None:
        redis_url, run_broker_url = _from_run_file(settings.data_dir / RUN_FILE)
        broker_url = broker_url or run_broker_url
    _require_redis_url("CHANGEOVER_REDIS_URL", redis_url)
    broker_url = broker_url or _neighbour_database(redis_url)
    _require_redis_url("CHANGEOVER_BROKER_URL", broker_url)
    if _address(redis_url) == _address(broker_url):
        message = "state and broker must not share a Redis database; give CHANGEOVER_BROKER_URL another one"
        raise InvalidInput([Problem("CHANGEOVER_BROKER_URL", redact(broker_url), message)])
    return Servers(redis_url, broker_url)


def _from_run_file(path: Path) -> tuple[str, str]:
    try:
        run = json.loads(read_private(path))
        return str(run["redisUrl"]), str(run["brokerUrl"])
    except NotPrivate as error:
        message = f"{error}: it would say which Redis we trust; set CHANGEOVER_REDIS_URL instead"
        raise InvalidInput([Problem(str(path), None, message)]) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(
            f"no Redis named: set CHANGEOVER_REDIS_URL, or start `changeover up` in this folder (looked for {path})"
        ) from error


_SCHEMES = ("redis", "rediss", "unix", "sentinel", "redis+socket")


_HAS_DATABASE = ("redis", "rediss")


def _require_redis_url(name: str, url: str) -> None:
    """Raises ``InvalidInput`` for what no client could dial, or would dial wrongly; never shows the password."""
    example = "expected a URL such as redis://host:6379/0"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput([Problem(name, None, f"{example} ({error})")]) from None
    database = parts.path.strip("/")
    if parts.scheme not in _SCHEMES:
        raise InvalidInput([Problem(name, redact(url), example)])
    if parts.scheme in _HAS_DATABASE:
        is_number = database.isascii() and database.isdigit() and str(int(database)) == database
        if not parts.hostname or port == 0 or (database and not is_number):
            raise InvalidInput([Problem(name, redact(url), f"{example}; the database is a whole number")])


def _database(url: str) -> int:
    text = urlsplit(url).path.strip("/")
    return int(text) if text.isdigit() else 0


def _address(url: str) -> tuple[str | None, int, int]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or 6379, _database(url)


def _neighbour_database(url: str) -> str:
    # Redis ships with 16 databases, so 15 has its neighbour below.
    database = _database(url)
    return urlunsplit(urlsplit(url)._replace(path=f"/{database + 1 if database != 15 else 14}"))
