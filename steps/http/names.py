"""This machine's resolver, asked from threads that nobody has to wait for.

``getaddrinfo`` and no DNS client: it alone reads /etc/hosts, the search domains and what else the system's
nsswitch.conf names, as every other program on the machine does. It cannot be interrupted, so how many are asked at once
is bounded by whoever asks (``claims``), and a process that ends does not wait for the threads.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that a host stands for now, in the order to try; raises ``OSError`` for a name that is not known.

    Whoever gives up waiting leaves the thread behind; it ends when the resolver has answered, or given up itself.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def tell(say: Callable[[Any], None], what: Any) -> None:
        if not answer.done():
            say(what)

    def ask() -> None:
        try:
            say, what = answer.set_result, socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            say, what = answer.set_exception, error  # type: ignore[assignment]
        # The loop is closed when nobody waits for anything any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, say, what)

    threading.Thread(target=ask, name="changeover-name", daemon=True).start()
    return list(dict.fromkeys(str(entry[4][0]) for entry in await answer))
