"""When the processes of ``changeover up`` do their work: each keeps an entry in Redis while it does.

Run as a module (``python -m orchestrator.embedded.readiness worker``) it is the health check of a container: exit 0
when a process of that role (``any``: of either) works on this host, 1 when none does.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Mapping, Sequence

import redis

from orchestrator.domain.errors import ChangeoverError
from orchestrator.domain.printable import printable
from orchestrator.domain.status import PLAN_ENDED
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.presence import alive
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.server_state import client_for_once
from orchestrator.settings.model import load_settings
from orchestrator.settings.servers import find_servers

IsReady = Callable[[Mapping[str, Sequence[int]]], bool]
"""Given the pids by role that should work, whether all of them do."""

PRESENT_ROLES = ("coordinator", "worker")
ANY = "any"


def presence_check(redis_url: str, namespace: str) -> IsReady:
    """Asks Redis; while that does not answer, nothing is ready."""

    def is_ready(pids: Mapping[str, Sequence[int]]) -> bool:
        try:
            present = present_here(redis_url, namespace)
        except (redis.RedisError, OSError):
            return False
        return all(present.get(role, set()) >= set(pids.get(role, ())) for role in PRESENT_ROLES)

    return is_ready


def ended_plans(redis_url: str, namespace: str) -> Callable[[str], bool]:
    """Whether there is a plan of this id that has ended; none where Redis cannot tell."""

    def has_ended(plan_id: str) -> bool:
        try:
            with client_for_once(redis_url) as client:
                return Reader(client, Keys(namespace)).plan_record(plan_id).get("status") in PLAN_ENDED
        except (redis.RedisError, OSError):
            return False

    return has_ended


def present_here(redis_url: str, namespace: str) -> dict[str, set[int]]:
    """Pids by role of the processes on this host that keep an entry. ``RedisError`` when Redis does not answer."""
    found: dict[str, set[int]] = {}
    with client_for_once(redis_url) as client:
        for process in alive(client, Keys(namespace)):
            if process.host == socket.gethostname():
                found.setdefault(process.role, set()).add(process.pid)
    return found


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 when a process of the role ``arguments[0]`` works on this host, else 1."""
    if len(arguments) != 1 or arguments[0] not in (*PRESENT_ROLES, ANY):
        sys.stderr.write(f"give one of: {', '.join((*PRESENT_ROLES, ANY))}\n")
        return 2
    try:
        settings = load_settings()
        present = present_here(find_servers(settings).redis_url, settings.namespace)
    except (redis.RedisError, OSError, ChangeoverError) as error:
        sys.stderr.write(f"{printable(str(error))}\n")
        return 1
    return 0 if (present if arguments[0] == ANY else present.get(arguments[0])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
