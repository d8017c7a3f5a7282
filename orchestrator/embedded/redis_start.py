"""Starting the private Redis, and waiting for a server that loads its data: as long as it takes, never in silence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import redis

from orchestrator.domain.errors import Unreachable
from orchestrator.embedded.child import ChildSpec
from orchestrator.embedded.console import Console
from orchestrator.embedded.redis_log import RedisLog
from orchestrator.embedded.redis_server import (
    SERVER_FOLDER,
    choose_port,
    find_server_binary,
    new_password,
    prepare_home,
    require_free_port,
    server_command,
    server_url,
)
from orchestrator.embedded.supervisor import Supervisor
from orchestrator.ledger.refusals import refusal
from orchestrator.ledger.server_state import ServerState, server_state

ASKED_EVERY_SECONDS = 0.05
TOLD_EVERY_ASKS = 40
"""How many times a loading server is asked before the person at the terminal is told again: about 2 s."""


class _Progress:
    """Says how far a loading server is: at once, then every ``TOLD_EVERY_ASKS``."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._asked = 0

    def take(self, state: ServerState) -> bool:
        """Whether it still loads."""
        if state.loading is not None:
            if self._asked % TOLD_EVERY_ASKS == 0:
                self._out.say(f"Redis is loading its data: {state.loading}")
            self._asked += 1
        return state.loading is not None


def start_redis(
    supervisor: Supervisor, out: Console, folder: Path, port: int | None, environment: Mapping[str, str]
) -> str:
    """Start the private server of the data folder and wait until it serves; its URL. ``port`` None: a free one.

    Raises ``InvalidInput`` (port, folder) or ``Unreachable`` (no binary, or it ended: with its reason).
    """
    binary, home = find_server_binary(), folder / SERVER_FOLDER
    if port is None:
        port = choose_port()
    else:
        require_free_port(port, "--redis-port")
    password = new_password()
    url = server_url(port, password)
    try:
        prepare_home(home, port, password)
        log = RedisLog(home)
        (child,) = supervisor.start(
            [ChildSpec("redis", "redis", server_command(binary), environment, home)], keep=False
        )
    except OSError as error:
        raise Unreachable(f"Redis cannot be started ({error}): {binary} in {home}") from error
    progress = _Progress(out)
    while True:
        supervisor.attend(ASKED_EVERY_SECONDS)
        if not child.running:
            raise Unreachable(log.why_it_ended(binary))
        try:
            state = server_state(url)
        except (redis.RedisError, OSError):
            continue
        # Another server may have the port, and then it is not ours to wait for.
        if child.owns(state.pid) and not progress.take(state):
            break
    if log.cut_short():
        out.say(
            f"the append-only file in {home} ended within a write, as a power cut leaves it; that write is left out"
        )
    child.kept = True
    return url


def await_answer(supervisor: Supervisor, out: Console, url: str, variable: str) -> None:
    """Wait while the server at ``url`` loads. Raises ``Unreachable`` or ``InvalidInput`` when it does not serve us."""
    progress = _Progress(out)
    try:
        while progress.take(server_state(url)):
            supervisor.attend(ASKED_EVERY_SECONDS)
    except (redis.RedisError, OSError) as error:
        raise refusal(error, url, variable) or Unreachable(str(error)) from error
