"""What is done to a throw-away cluster, each fault by its name."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from typing import Final

import redis

from orchestrator.cli.chaos.throwaway import LEASE_SECONDS, Throwaway
from orchestrator.domain.lanes import lane_names
from orchestrator.settings.servers import find_servers

Fault = Callable[[Throwaway, random.Random], None]


def _killed(role: str) -> Fault:
    def fault(cluster: Throwaway, chance: random.Random) -> None:
        for pid in _one_of(cluster, role, chance):
            _send(pid, signal.SIGKILL)

    return fault


def _frozen(role: str) -> Fault:
    """Longer than a lease: when it goes on, its turns are in other hands."""

    def fault(cluster: Throwaway, chance: random.Random) -> None:
        for pid in _one_of(cluster, role, chance):
            _send(pid, signal.SIGSTOP)
            try:
                time.sleep(1.5 * LEASE_SECONDS)
            finally:
                _send(pid, signal.SIGCONT)

    return fault


def _messages_lost(cluster: Throwaway, _: random.Random) -> None:
    settings = cluster.settings
    broker = redis.Redis.from_url(find_servers(settings).broker_url)
    with contextlib.closing(broker), contextlib.suppress(redis.RedisError):
        broker.delete(*(f"changeover:{settings.namespace}:{name}" for name in lane_names(settings.lanes)))


def _one_of(cluster: Throwaway, role: str, chance: random.Random) -> list[int]:
    """Empty while none is there: it is being started again."""
    pids = cluster.pids(role)
    return [chance.choice(pids)] if pids else []


def _send(pid: int, number: signal.Signals) -> None:
    """One that has just ended by itself is as good as hit."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


CLUSTER_FAULTS: Final[Mapping[str, Fault]] = {
    "kill-worker": _killed("worker"),
    "kill-coordinator": _killed("coordinator"),
    "kill-redis": _killed("redis"),
    "freeze-worker": _frozen("worker"),
    "freeze-coordinator": _frozen("coordinator"),
    "lose-messages": _messages_lost,
}
