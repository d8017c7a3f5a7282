"""Which hosts requests go to: the operator's list, and never this machine or a cloud's metadata by chance.

A pattern is a host name (``api.example.com``), a name with a star for any leading part (``*.example.com``), an
address (``10.0.0.7``) or a network (``10.0.0.0/8``), each with an optional port (``api.example.com:8443``); without
one any port is meant. Special addresses (``special_addresses``) are reached only if an address or a network of such in
the list covers them; ``localhost`` also when that very name is listed. A name says nothing about its address: who
answers for it may let it stand for this machine, so what it stands for is checked where it is dialled.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from steps.http.address import IpAddress, encoded_host, read_host, read_url
from steps.http.special_addresses import LOOPBACK, IpNetwork, is_wholly_special, readings, special_kind
from steps.wording import cut

_NONE: Final = "is no host name, *.name, address or network"


class HostRefused(Exception):
    """A host, or what it stands for now, is not to be called; the message says why. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    name: str
    network: IpNetwork | None
    port: int | None


class AllowedHosts:
    """The list, compiled; None for any host. Raises ``ValueError`` for a pattern that is none.

    ``allow_loopback``: without a list, whether this machine may be called. A list says so itself.
    """

    def __init__(self, patterns: Iterable[str] | None, *, allow_loopback: bool = True) -> None:
        self._patterns = None if patterns is None else [_required(pattern) for pattern in patterns]
        self._allow_loopback = allow_loopback

    def refuse(self, url: str) -> str | None:
        """Why the URL may not be called, going by its text alone; None when it may, as far as that tells."""
        try:
            place = read_url(url)
        except ValueError:
            return "no usable address"
        if place.address is not None:
            return self._refuse_address(place.host, place.port, place.address)
        return self._refuse_name(place.host, place.port)

    def refuse_host(self, host: str, port: int) -> str | None:
        """The same of a host and port."""
        try:
            name, address = read_host(host)
        except ValueError:
            return f"no usable host {cut(host)!r}"
        if address is not None:
            return self._refuse_address(name, port, address)
        return self._refuse_name(name, port)

    def require_name(self, host: str, port: int) -> None:
        """Raises ``HostRefused`` for a name that is not even to be looked up."""
        try:
            name, address = read_host(host)
        except ValueError as error:
            raise HostRefused(f"no usable host {cut(host)!r}: {error}") from None
        reason = self._refuse_name(name, port) if address is None else None
        if reason is not None:
            raise HostRefused(reason)

    def require_addresses(self, host: str, port: int, addresses: Iterable[IpAddress]) -> None:
        """Raises ``HostRefused`` unless the host may be called at every address that it stands for now."""
        name, own = read_host(host)
        for address in addresses:
            reason = self._refuse_address(name, port, address, is_name=own is None)
            if reason is not None:
                raise HostRefused(reason)

    def _refuse_name(self, name: str, port: int) -> str | None:
        if _is_localhost(name):
            if self._patterns is None:
                return None if self._allow_loopback else _advice(f"host {cut(name)!r} is {LOOPBACK}")
            if self._lists(name, port):
                return None
            return f"host {cut(name)!r} is this machine, and not listed by its name"
        if self._patterns is None or any(_fits(p, name, port) for p in self._patterns):
            return None
        return f"host {cut(name)!r} (port {port}) is not among the allowed hosts"

    def _refuse_address(self, host: str, port: int, address: IpAddress, *, is_name: bool = False) -> str | None:
        kind = special_kind(address)
        if self._covers(address, port, special=kind is not None):
            return None
        stands = f"host {cut(host)!r} stands for {address}" if is_name else f"host {cut(host)!r}"
        if kind is None:
            # The name itself was found in the list; an address must be in it.
            may = is_name or self._patterns is None
            return None if may else f"host {cut(host)!r} (port {port}) is not among the allowed hosts"
        if kind == LOOPBACK:
            listed = is_name and _is_localhost(host) and self._lists(host, port)
            if self._allow_loopback if self._patterns is None else listed:
                return None
        return _advice(f"{stands}, which is {kind}" if is_name else f"{stands} is {kind}")

    def _lists(self, name: str, port: int) -> bool:
        return any(p.network is None and p.name == name and p.port in (None, port) for p in self._patterns or ())

    def _covers(self, address: IpAddress, port: int, *, special: bool) -> bool:
        return any(
            pattern.network is not None
            and pattern.port in (None, port)
            and any(reading in pattern.network for reading in readings(address))
            # 0.0.0.0/0 is "any address out there", not "and this machine too".
            and (not special or is_wholly_special(pattern.network))
            for pattern in self._patterns or ()
        )


def _advice(what: str) -> str:
    return f"{what}; not called unless that address or a network of its kind is listed in allowed_hosts"


def _is_localhost(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")


def require_pattern(pattern: str) -> str:
    """The pattern, if it is one. Raises ``ValueError``, which does not quote it."""
    _compile(pattern)
    return pattern


def _required(pattern: str) -> _Pattern:
    try:
        return _compile(pattern)
    except ValueError as error:
        raise ValueError(f"{_quoted(pattern)} {error}") from None


def _compile(pattern: str) -> _Pattern:
    text = pattern.strip().lower()
    if "//" in text:
        raise ValueError(f"{_NONE}: give the host of the URL alone")
    network = _network(text)
    port: int | None = None
    if network is None and ":" in text:
        head, _, tail = text.rpartition(":")
        if not (tail.isascii() and tail.isdigit()) or not 0 < int(tail) < 65536:
            raise ValueError("has no usable port")
        text, port = head, int(tail)
        network = _network(text.strip("[]"))
    if network is not None or text == "*":
        return _Pattern("" if network is not None else text, network, port)
    star = "*." if text.startswith("*.") else ""
    try:
        name, address = read_host(encoded_host(text.removeprefix(star)))
        if address is not None or not all(part.isalnum() for part in name.replace("-", "").replace("_", "").split(".")):
            raise ValueError
    except ValueError:
        raise ValueError(_NONE) from None
    return _Pattern(star + name, None, port)


def _quoted(pattern: str) -> str:
    """A URL may hold a password, in what place soever."""
    return "a URL" if "//" in pattern or set(pattern) & set("@?#=%") else repr(cut(pattern))


def _fits(pattern: _Pattern, name: str, port: int) -> bool:
    if pattern.network is not None or pattern.port not in (None, port):
        return False
    if pattern.name.startswith("*"):
        return name.endswith(pattern.name[1:])
    return name == pattern.name


def _network(text: str) -> IpNetwork | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
