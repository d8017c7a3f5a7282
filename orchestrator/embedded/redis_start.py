"""Starting the private Redis, and waiting for a server that loads its data: as long as it takes, never in silence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import redis

from orchestrator.domain.errors import Unreachable
from orchestrator.embedded.child import Child, ChildSpec
from orchestrator.embedded.console import Console
from orchestrator.embedded.ports import choose_port, require_free_port
from orchestrator.embedded.redis_log import RedisLog
from orchestrator.embedded.redis_server import (
    SERVER_FOLDER,
    find_server_binary,
    new_password,
    prepare_home,
    server_command,
    server_url,
)
from orchestrator.embedded.supervisor import Supervisor
from orchestrator.ledger.refusals import refusal
from orchestrator.ledger.server_state import ServerState, server_state
from orchestrator.secrets.masking import redact
from orchestrator.settings.spoken import spoken

ASKED_EVERY_SECONDS = 0.05
PORTS_TRIED = 5
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
    if port is not None:
        require_free_port(port, "--redis-port")
    password, child = new_password(), None
    # Redis takes its port itself: one that was free when it was chosen may be somebody else's by then.
    for tries_left in reversed(range(PORTS_TRIED)):
        chosen = choose_port() if port is None else port
        url = server_url(chosen, password)
        try:
            prepare_home(home, chosen, password)
            log = RedisLog(home)
            if child is None:
                spec = ChildSpec("redis", "redis", server_command(binary), environment, home)
                (child,) = supervisor.start([spec], keep=False)
            else:
                child.start()
        except OSError as error:
            raise Unreachable(f"Redis cannot be started ({error}): {binary} in {home}") from error
        if _serves(supervisor, out, child, url):
            break
        if port is not None or not tries_left or not log.port_was_taken():
            raise Unreachable(log.why_it_ended(binary))
    if log.cut_short():
        out.say(
            f"the append-only file in {home} ended within a write, as a power cut leaves it; that write is left out"
        )
    assert child is not None
    child.kept = True
    return url


def _serves(supervisor: Supervisor, out: Console, child: Child, url: str) -> bool:
    """Whether it comes to serve; else it has ended."""
    progress = _Progress(out)
    while True:
        supervisor.attend(ASKED_EVERY_SECONDS)
        if not child.running:
            return False
        try:
            state = server_state(url)
        except (redis.RedisError, OSError):
            continue
        # Another server may have the port, and then it is not ours to wait for.
        if child.owns(state.pid) and not progress.take(state):
            return True


def await_answer(supervisor: Supervisor, out: Console, url: str, variable: str) -> None:
    """Wait while the server at ``url`` loads. Raises ``Unreachable`` or ``InvalidInput`` when it does not serve us."""
    progress = _Progress(out)
    try:
        while progress.take(server_state(url)):
            supervisor.attend(ASKED_EVERY_SECONDS)
    except (redis.RedisError, OSError) as error:
        raise refusal(error, url, variable) or Unreachable(
            f"Redis at {redact(url)} of {spoken(variable, url)}: {error}"
        ) from error
