"""The name that a request is for.

A page elsewhere can give its own name the address of this machine (DNS rebinding), and its script could then speak to a
console on loopback as if it were its own; but not under a name that is ours.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from orchestrator.settings.console import ConsoleSettings

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?")


class KnownHosts:
    """The names that this console answers to."""

    def __init__(self, settings: ConsoleSettings) -> None:
        bound = settings.host.lower()
        is_loopback = _is_loopback(bound)
        own = {bound, f"[{bound}]"}
        self._names = None
        if is_loopback or settings.hosts:
            self._names = _LOOPBACK | own | set(settings.hosts)

    def has(self, header: str) -> bool:
        """Whether a ``Host`` header names one."""
        found = _HOST.fullmatch(header)
        return found is not None and (self._names is None or found[1].lower().rstrip(".") in self._names)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
