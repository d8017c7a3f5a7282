"""Which two Redis servers to use: the settings' own, or those of a ``changeover up`` in the data folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.files.private_file import NotPrivate, read_private
from orchestrator.settings.amqp_url import is_amqp, parse_amqp_url
from orchestrator.settings.model import Settings
from orchestrator.settings.redis_url import RedisUrl, parse_redis_url
from orchestrator.settings.server_urls import SAME_DATABASE
from orchestrator.settings.url_parts import BadUrl, shown_url

Parsed = TypeVar("Parsed")

RUN_FILE = "run.json"
"""Written by ``changeover up`` into its data folder; other commands started beside it find the server there."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The two URLs (with passwords): the ledger's Redis, and the broker, which may be a RabbitMQ."""

    redis_url: str
    broker_url: str


def find_servers(settings: Settings) -> Servers:
    """The servers to use: the settings' own, else those of a ``changeover up`` in the data folder.

    Raises ``Unreachable`` when neither names one, ``InvalidInput`` for a URL that no client could dial, or when state
    and broker would share a database.
    """
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
    broker_url = settings.broker_url.get_secret_value() if settings.broker_url else None
    if redis_url is None:
        redis_url, run_broker_url = _from_run_file(settings.data_dir / RUN_FILE)
        broker_url = broker_url or run_broker_url
    state = _read("CHANGEOVER_REDIS_URL", redis_url)
    if broker_url and is_amqp(broker_url):
        _checked("CHANGEOVER_BROKER_URL", broker_url, parse_amqp_url)
        return Servers(state.for_ledger(), broker_url)
    broker = _read("CHANGEOVER_BROKER_URL", broker_url) if broker_url else state.neighbour()
    if state.address == broker.address:
        raise InvalidInput([Problem("CHANGEOVER_BROKER_URL", shown_url(broker.text), SAME_DATABASE)])
    return Servers(state.for_ledger(), broker.for_broker())


def running_console(settings: Settings) -> str | None:
    """The address of the console that the ``changeover up`` of the data folder has started; None when the settings name
    another Redis than that one's, or it has none that answers yet."""
    if settings.redis_url is not None:
        return None
    try:
        url = json.loads(read_private(settings.data_dir / RUN_FILE)).get("consoleUrl")
    except (NotPrivate, OSError, ValueError, AttributeError):
        return None
    return url if isinstance(url, str) else None


def _read(name: str, url: str) -> RedisUrl:
    return _checked(name, url, parse_redis_url)


def _checked(name: str, url: str, parse: Callable[[str], Parsed]) -> Parsed:
    try:
        return parse(url)
    except BadUrl as error:
        raise InvalidInput([Problem(name, shown_url(url), str(error))]) from None


def _from_run_file(path: Path) -> tuple[str, str]:
    try:
        run = json.loads(read_private(path))
        return str(run["redisUrl"]), str(run["brokerUrl"])
    except NotPrivate as error:
        message = f"{error}: it would say which Redis we trust; set CHANGEOVER_REDIS_URL instead"
        raise InvalidInput([Problem(str(path), None, message)]) from error
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(
            f"no Redis named: set CHANGEOVER_REDIS_URL, or start `changeover up` in this folder (looked for {path})"
        ) from error
    except OSError as error:
        raise Unreachable(
            f"no Redis named: {path}, which would say it, cannot be read ({error.strerror}); run this as who started "
            "`changeover up`, or set CHANGEOVER_REDIS_URL"
        ) from error
