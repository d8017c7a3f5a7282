"""Opens connections: a name is resolved once, what it stands for is checked, and those very addresses are dialled.

Checking a name and then letting a library resolve it again leaves a gap in which its owner can change the answer (DNS
rebinding). Here the connection's own name is resolved, so there is no second look-up; host header, TLS server name and
certificate keep the name, which belongs to layers above this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import httpcore

from steps.http.address import IpAddress
from steps.http.allowance import MeteredStream
from steps.http.allowed_hosts import AllowedHosts

STAGGER_SECONDS: Final = 0.25
"""How long one address has a head start on the next (RFC 8305): a dead IPv6 route must not cost the whole time."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a host stands for now, in the order to try; raises ``OSError`` for a name that is not known."""


async def resolve(host: str, port: int) -> list[str]:
    """By this machine's resolver, which is asked on a thread; what is an address already needs none."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialer(httpcore.AsyncNetworkBackend):
    """The network of one HTTP client.

    A name is looked up once at a time, however many ask for it. A look-up cannot be taken back: it goes on after those
    who asked have given up, and who asks again joins it instead of blocking one more thread.
    """

    def __init__(
        self, hosts: AllowedHosts, look_up: Resolve = resolve, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._hosts = hosts
        self._look_up = look_up
        self._network = network or httpcore.AnyIOBackend()
        self._under_way: dict[tuple[asyncio.AbstractEventLoop, str, int], asyncio.Future[Sequence[str]]] = {}

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

        return MeteredStream(await _first(texts, dial))

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        place = (asyncio.get_running_loop(), host, port)
        if (found := self._under_way.get(place)) is None:
            found = self._under_way[place] = asyncio.ensure_future(self._look_up(host, port))

            def ended(future: asyncio.Future[Sequence[str]]) -> None:
                del self._under_way[place]
                if not future.cancelled():
                    # Nobody may be left to hear of it.
                    future.exception()

            found.add_done_callback(ended)
        return await asyncio.shield(found)

    async def sleep(self, seconds: float) -> None:
        """See httpcore."""
        await asyncio.sleep(seconds)


async def _first(
    texts: Sequence[str], dial: Callable[[str], Awaitable[httpcore.AsyncNetworkStream]]
) -> httpcore.AsyncNetworkStream:
    """The first connection that is made, each address begun a little after the one before it or when that failed."""
    waiting = list(texts)
    running: set[asyncio.Future[Any]] = set()
    failures: list[BaseException] = []
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(dial(waiting.pop(0))))
            done, running = await asyncio.wait(
                running, timeout=STAGGER_SECONDS if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            made = [task.result() for task in done if task.exception() is None]
            failures += [error for task in done if (error := task.exception()) is not None]
            for extra in made[1:]:
                await extra.aclose()
            if made:
                return made[0]  # type: ignore[no-any-return]
        if len(failures) == 1:
            raise failures[0]
        # Not as the cause of another error: httpcore takes causes off what it passes on.
        raise BaseExceptionGroup("no address could be reached", failures)
    finally:
        for task in running:
            task.cancel()
        for ended in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(ended, httpcore.AsyncNetworkStream):
                await ended.aclose()
