"""What a Redis server says of itself when it is asked once: who it is, whether it still loads, how full it is."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.handshake import greet
from orchestrator.secrets.masking import redact
from orchestrator.settings.amqp_url import is_amqp
from orchestrator.settings.redis_url import parse_redis_url
from orchestrator.settings.spoken import spoken

ANSWER_WITHIN_SECONDS = 2.0
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerState:
    """``loading``: how far it is with its data, for people, while it serves nothing; None when it serves."""

    pid: int
    loading: str | None
    used_bytes: int
    limit_bytes: int
    """0: no limit."""


def memory_text(used_bytes: int, limit_bytes: int) -> str:
    """``0.9 of 1.0 MB``, or what is used when there is no limit (0)."""
    used = f"{used_bytes / _MEGABYTE:.1f}"
    return f"{used} of {limit_bytes / _MEGABYTE:.1f} MB" if limit_bytes else f"{used} MB"


def client_for_once(url: str) -> redis.Redis:
    """A client that asks once and does not wait long."""
    client = redis.Redis.from_url(
        url,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=ANSWER_WITHIN_SECONDS,
        socket_timeout=ANSWER_WITHIN_SECONDS,
    )
    greet(client)
    return client


def server_state(url: str) -> ServerState:
    """The state of the server at ``url``, also while it loads. ``RedisError`` or ``OSError`` when it does not say."""
    with client_for_once(url) as client:
        found = cast(dict[str, Any], client.info())
    return ServerState(
        pid=int(found["process_id"]),
        loading=_progress(found) if found.get("loading") else None,
        used_bytes=int(found.get("used_memory", 0)),
        limit_bytes=int(found.get("maxmemory", 0)),
    )


def require_one_server(url: str, variable: str) -> None:
    """Raises ``InvalidInput`` for a node of a Redis Cluster; says nothing of a server that is away.

    The ledger's keys would all be on one node, and what steps write to "Changeover's own Redis" on others, out of reach
    of the script that writes both; and there is no broker on a cluster at all.
    """
    if is_amqp(url):
        return
    as_redis_py_takes_it = parse_redis_url(url).for_ledger()
    with contextlib.suppress(redis.RedisError, OSError), client_for_once(as_redis_py_takes_it) as client:
        if cast(dict[str, Any], client.info("server")).get("redis_mode") == "cluster":
            message = "a node of a Redis Cluster: give a server without cluster mode (it may have replicas)"
            raise InvalidInput([spoken(variable, url).problem(redact(url), message)])


def answering_pid(url: str) -> int | None:
    """Pid of the server at ``url`` when it serves commands, else None (none there, still loading, wants a password)."""
    with contextlib.suppress(redis.RedisError, OSError):
        state = server_state(url)
        return state.pid if state.loading is None else None
    return None


def _progress(found: dict[str, Any]) -> str:
    total = int(found.get("loading_total_bytes", 0)) / _MEGABYTE
    percent = float(found.get("loading_loaded_perc", 0))
    left = int(found.get("loading_eta_seconds", 0))
    return f"{percent:.0f} % of {total:.1f} MB" + (f", {left} s to go" if left > 0 else "")
