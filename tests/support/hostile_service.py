"""A server that answers with bytes of its own, on a real socket, until the other side has enough."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self


class HostileService:
    """Each connection is sent what ``answer`` yields, a yield at a time. ``tls``: within TLS, whose
    records go out in pieces of one byte.
    """

    def __init__(self, answer: Callable[[], Iterator[bytes]], tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        # Wakes accept, which a close alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=20)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            try:
                if self._tls is not None:
                    self._drip_within_tls(connection, self._tls)
                else:
                    connection.recv(65_536)
                    for piece in self._answer():
                        connection.sendall(piece)
                    connection.recv(65_536)
            except OSError:
                """The client has had enough, which is what the tests are about."""

    def _drip_within_tls(self, connection: socket.socket, tls: ssl.SSLContext) -> None:
        """The handshake as usual, then records a byte at a time."""
        come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
        inside = tls.wrap_bio(come, go, server_side=True)

        def until_done(act: Callable[[], object]) -> None:
            while True:
                try:
                    act()
                except ssl.SSLWantReadError:
                    connection.sendall(go.read())
                    if not (data := connection.recv(65_536)):
                        raise ConnectionResetError from None
                    come.write(data)
                else:
                    connection.sendall(go.read())
                    return

        until_done(inside.do_handshake)
        until_done(lambda: inside.read(65_536))
        for piece in self._answer():
            inside.write(piece)
            for byte in go.read():
                connection.sendall(bytes((byte,)))
                # The system joins what nobody has fetched yet.
                time.sleep(0.000_02)
