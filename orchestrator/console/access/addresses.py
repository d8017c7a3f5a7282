"""Where a request comes from. A proxy's word is taken from the proxy's own address only."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Caller:
    """``address`` is the caller's, as far as can be known; ``by_proxy``: a trusted proxy brought the request."""

    address: str
    by_proxy: bool
    is_https: bool

    @property
    def counted_as(self) -> str:
        """What failures are counted for: whoever has one IPv6 address usually has all of its /64."""
        try:
            address = ipaddress.ip_address(self.address)
        except ValueError:
            return "unknown"
        if isinstance(address, ipaddress.IPv6Address):
            return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
        return self.address


class TrustedProxies:
    """The addresses of ``console.trusted_addresses``."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def caller_of(self, request: Request) -> Caller:
        """Of the proxies' list (``X-Forwarded-For``) the last address that is no proxy of ours: what stands before it
        is the caller's own word."""
        peer = request.client.host if request.client else ""
        is_https = request.url.scheme == "https"
        if not self._has(peer):
            return Caller(peer, False, is_https)
        hops = [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
        address = next((hop for hop in reversed(hops) if not self._has(hop)), peer)
        is_https = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        return Caller(address if _is_address(address) else peer, True, is_https)

    def _has(self, text: str) -> bool:
        if not _is_address(text):
            return False
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
