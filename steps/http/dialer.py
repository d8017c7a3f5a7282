"""Opens connections: a name is resolved once, what it stands for is checked, and those very addresses are dialled.

Checking a name and then letting a library resolve it again leaves a gap in which its owner can change the answer (DNS
rebinding). Here the connection's own name is resolved, so there is no second look-up; host header, TLS server name and
certificate keep the name, which belongs to layers above this one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore

from steps.http.address import IpAddress
from steps.http.allowance import MeteredStream
from steps.http.allowed_hosts import AllowedHosts
from steps.http.attempts import first_made
from steps.http.claims import Claims, current_claims
from steps.http.names import resolve

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a host stands for now, in the order to try; raises ``OSError`` for a name that is not known."""


_Place = tuple[asyncio.AbstractEventLoop, str, int]


class Dialer(httpcore.AsyncNetworkBackend):
    """The network of one HTTP client.

    A name is looked up once at a time, however many ask for it; an address not at all. A look-up cannot be taken back:
    it goes on after those who asked have given up, holds its tenant's place for so long, and who asks again joins it.
    One that has no place yet is not begun, and nobody waits for a place of another's.
    """

    def __init__(
        self, hosts: AllowedHosts, look_up: Resolve = resolve, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._hosts = hosts
        self._look_up = look_up
        self._network = network or httpcore.AnyIOBackend()
        self._under_way: dict[_Place, asyncio.Future[Sequence[str]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the host. Raises ``HostRefused``, or what the network does: one error, or a group."""
        self._hosts.require_name(host, port)
        texts = await self._addresses(host.removesuffix("."), port)
        if not texts:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        # A zone belongs to the text that is dialled; what is judged is the address.
        addresses: list[IpAddress] = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        self._hosts.require_addresses(host, port, addresses)

        def dial(text: str) -> Awaitable[httpcore.AsyncNetworkStream]:
            return self._network.connect_tcp(text, port, timeout, local_address, socket_options)

        return MeteredStream(await first_made(texts, dial, current_claims().attempts))

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        if _is_address(host):
            return [host]
        place = (asyncio.get_running_loop(), host, port)
        if place not in self._under_way:
            claims = current_claims()
            await claims.look_ups.take()
            if place in self._under_way:
                claims.look_ups.give_back()
            else:
                self._begin(place, claims)
        return await asyncio.shield(self._under_way[place])

    def _begin(self, place: _Place, claims: Claims) -> None:
        _, host, port = place
        found = self._under_way[place] = asyncio.ensure_future(self._look_up(host, port))

        def ended(future: asyncio.Future[Sequence[str]]) -> None:
            del self._under_way[place]
            claims.look_ups.give_back()
            if not future.cancelled():
                # Nobody may be left to hear of it.
                future.exception()

        found.add_done_callback(ended)

    async def sleep(self, seconds: float) -> None:
        """See httpcore."""
        await asyncio.sleep(seconds)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
