"""Addresses at which no tenant's service is: this machine, its link, a cloud's metadata, and wrappings of these.

Private networks (10.0.0.0/8, fd00::/8 ...) are not among them: services live there. An IPv4 address inside an IPv6 one
is judged by what is inside where such addresses are in use (mapped, NAT64); the forms that nobody serves from any more
(6to4, Teredo, IPv4-compatible) are special as they are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from steps.http.address import IpAddress

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Final = "loopback"

_KINDS: Final = {
    LOOPBACK: ["127.0.0.0/8", "::1", "0.0.0.0/8", "::"],
    "link-local": ["169.254.0.0/16", "fe80::/10", "fec0::/10"],
    "a metadata service": [
        # AWS (metadata, EKS Pod Identity, DNS, time), Alibaba, Azure (WireServer), Oracle, Google, Scaleway, Akamai
        # (Linode), Equinix Metal. All others known are link-local: DigitalOcean, Hetzner, IBM, OpenStack, Tencent ...
        "fd00:ec2::/32", "100.100.100.200", "fd00:100::100:200", "168.63.129.16", "192.0.0.192", "fd00:c1::a9fe:a9fe",
        "fd20:ce::254", "fd00:42::42", "fd00:a9fe:a9fe::1", "192.80.8.124",
    ],
    "multicast": ["224.0.0.0/4", "ff00::/8"],
    "reserved": ["240.0.0.0/4", "100::/64"],
    "NAT64 of this network": ["64:ff9b:1::/48"],
    "6to4": ["2002::/16"],
    "Teredo": ["2001::/32"],
    "IPv4-compatible": ["::/96"],
}  # fmt: skip
"""Connecting to the unspecified address reaches this machine, so it counts as loopback."""

_SPECIAL: Final = [(ipaddress.ip_network(text), kind) for kind, texts in _KINDS.items() for text in texts]
_MASKS: Final = {
    version: [
        (int(network.netmask), int(network.network_address), kind)
        for network, kind in _SPECIAL
        if network.version == version
    ]
    for version in (4, 6)
}
"""The same as numbers, by IP version: asked for every address of a plan."""
_WRAPS_IPV4: Final = [ipaddress.IPv6Network(text) for text in ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")]
_ISATAP: Final = frozenset((0x00005EFE, 0x02005EFE))


def readings(address: IpAddress) -> Iterator[IpAddress]:
    """The address, and the IPv4 address that it wraps, if it does."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        number = int(address)
        if any(address in network for network in _WRAPS_IPV4) or (number >> 32) & 0xFFFFFFFF in _ISATAP:
            yield ipaddress.IPv4Address(number & 0xFFFFFFFF)


def special_kind(address: IpAddress) -> str | None:
    """What the address is, in a word or two; None for one where a service may be."""
    for reading in readings(address):
        number = int(reading)
        for mask, network, kind in _MASKS[reading.version]:
            if number & mask == network:
                return kind
    return None


def is_wholly_special(network: IpNetwork) -> bool:
    """Whether the network has special addresses only: who lists it means them."""
    return any(
        network.version == special.version and network.subnet_of(special)  # type: ignore[arg-type]
        for special, _ in _SPECIAL
    )
