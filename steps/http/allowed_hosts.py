"""Which hosts the URLs of a plan may name: the operator's list, and never this machine or a cloud's metadata by chance.

A pattern is a host name (``api.example.com``), a name with a star for any leading part (``*.example.com``), an
address (``10.0.0.7``) or a network (``10.0.0.0/8``), each with an optional port (``api.example.com:8443``); without
one any port is meant. Loopback, link-local and unspecified addresses are reached only if an address or network in the
list covers them, or the very name (without star) that stands in the URL is listed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from steps.wording import cut

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Pattern:
    name: str
    network: _Network | None
    port: int | None


class AllowedHosts:
    """The list, compiled. Raises ``ValueError`` for a pattern that is none."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [_compile(pattern) for pattern in patterns]

    def refuse(self, url: str) -> str | None:
        """Why the URL may not be called, going by its text alone; None when it may."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").removesuffix(".").lower()
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            return f"no usable address: {cut(url)}"
        address = _address(host)
        if address is None:
            if any(p.network is None and _fits(p.name, host) and p.port in (None, port) for p in self._patterns):
                return f"host {host!r} is this machine, and not listed by its name" if self._is_own(host) else None
        elif self._covered(address, port):
            return None
        return f"host {cut(host)!r} (port {port}) is not among the allowed hosts"

    async def refuse_resolved(self, url: str) -> str | None:
        """The same, and a look at what the name stands for now: an allowed name may point at this machine."""
        if (reason := self.refuse(url)) is not None:
            return reason
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".").lower()
        port = parts.port or _PORTS.get(parts.scheme, 0)
        if _address(host) is not None or any(p.name == host for p in self._patterns):
            return None
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            # The request itself will say so, in the words that it always has.
            return None
        for entry in found:
            address = _address(str(entry[4][0]))
            if address is not None and _is_special(address) and not self._covered(address, port):
                return f"host {cut(host)!r} stands for {address}, which is not among the allowed hosts"
        return None

    def _is_own(self, host: str) -> bool:
        own = host == "localhost" or host.endswith(".localhost")
        return own and not any(pattern.name == host for pattern in self._patterns)

    def _covered(self, address: _Address, port: int) -> bool:
        return any(
            pattern.network is not None
            and address in pattern.network
            and pattern.port in (None, port)
            # 0.0.0.0/0 is "any address out there", not "and this machine too".
            and not (_is_special(address) and not _is_special(pattern.network))
            for pattern in self._patterns
        )


def _compile(pattern: str) -> _Pattern:
    text = pattern.strip().lower()
    network = _network(text)
    port: int | None = None
    if network is None and ":" in text:
        head, _, tail = text.rpartition(":")
        if not tail.isdigit() or not 0 < int(tail) < 65536:
            raise ValueError(f"{cut(pattern)!r} has no usable port")
        text, port = head, int(tail)
        network = _network(text.strip("[]"))
    name = text.removeprefix("*.") if text != "*" else "x"
    if network is None and not (name and all(part and "*" not in part and "/" not in part for part in name.split("."))):
        raise ValueError(f"{cut(pattern)!r} is no host name, *.name, address or network")
    return _Pattern("" if network is not None else text, network, port)


def _fits(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_special(address: _Address | _Network) -> bool:
    """Whether it is, or for a network all of it is, loopback, link-local or unspecified."""
    return address.is_loopback or address.is_link_local or address.is_unspecified
