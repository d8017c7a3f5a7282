"""When the processes of ``changeover up`` do their work: each keeps an entry in Redis while it does.

Run as a module (``python -m orchestrator.readiness worker``) it is the health check of a container: exit 0 when at
least one process of that role works, 1 when none does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence, Set

import redis

from orchestrator.domain.errors import ChangeoverError
from orchestrator.settings import find_servers, load_settings

IsReady = Callable[[Mapping[str, Sequence[int]]], bool]
"""Given the pids by role that should work, whether all of them do."""

PRESENT_ROLES = ("coordinator", "worker")


def alive(redis_url: str, namespace: str) -> Mapping[str, Set[int]]:
    """Pids by role that keep a presence entry. To be replaced by ``from orchestrator.presence import alive``."""
    raise NotImplementedError(f"presence of {namespace} is not wired yet")


def presence_check(redis_url: str, namespace: str) -> IsReady:
    """Asks Redis; while that does not answer, nothing is ready."""

    def is_ready(pids: Mapping[str, Sequence[int]]) -> bool:
        try:
            present = alive(redis_url, namespace)
        except (redis.RedisError, OSError):
            return False
        return all(present.get(role, set()) >= set(pids.get(role, ())) for role in PRESENT_ROLES)

    return is_ready


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 when at least one process of the role ``arguments[0]`` works, else 1."""
    try:
        settings = load_settings()
        present = alive(find_servers(settings).redis_url, settings.namespace)
    except (redis.RedisError, OSError, ChangeoverError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if arguments and present.get(arguments[0]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
