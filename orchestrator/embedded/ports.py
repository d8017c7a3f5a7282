"""Ports of ``changeover up``: one is taken by listening on it, so that two that start at once never have the same."""

from __future__ import annotations

import contextlib
import errno
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from orchestrator.background.held_port import listen_on
from orchestrator.domain.errors import InvalidInput, PortTaken, Problem

HOST: Final = "127.0.0.1"
LOWEST_PORT: Final = 20_000
"""Free ports are looked for from here on; what people choose by hand lies mostly below."""


def hold_port(port: int, option: str, host: str = HOST) -> socket.socket:
    """Listens there. Raises ``PortTaken`` when somebody else does, ``InvalidInput`` when it is not for us."""
    try:
        return listen_on(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(option, f"{host}:{port}") from error
        raise InvalidInput([Problem(option, port, f"cannot listen on {host}:{port}: {error.strerror}")]) from error


def hold_free_port() -> socket.socket:
    """Listens on a free port, if possible below the range that the kernel gives to outgoing connections.

    From within that range, a client that keeps trying while the server is down can come to be connected to itself,
    and the server could not have its port back.
    """
    for port in _candidates():
        with contextlib.suppress(OSError):
            return listen_on(HOST, port)
    return listen_on(HOST, 0)


def require_free_port(port: int, option: str) -> None:
    """For a server that takes its port itself, and says so when it cannot. Raises as ``hold_port`` does."""
    hold_port(port, option).close()


def choose_port() -> int:
    """One that is free now, for a server that takes its port itself: by then another process may have it."""
    with hold_free_port() as held:
        return port_of(held)


def port_of(listener: socket.socket) -> int:
    """Where it listens."""
    return int(listener.getsockname()[1])


def _candidates() -> Iterator[int]:
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        lowest = 32768
    if lowest > LOWEST_PORT + 1000:
        yield from random.sample(range(LOWEST_PORT, lowest), 50)
