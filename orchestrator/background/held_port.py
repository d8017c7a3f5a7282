"""A port that a supervisor takes and holds, and that processes below it serve.

Whoever looks whether a port is free and leaves it to a child to take it has promised what another process can have
before that, and what answers there may be anybody. So ``changeover up`` listens itself, from its first moment to its
last, and hands the socket down (``CHANGEOVER_SOCKET_FD``): what answers there is a child of its own, the port is kept
while that is started again, and who comes meanwhile waits in the socket's queue.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

SOCKET_VARIABLE: Final = "CHANGEOVER_SOCKET_FD"
_QUEUE: Final = 2048


def listen_on(host: str, port: int) -> socket.socket:
    """A socket that listens there; ``port`` 0 takes a free one. Raises ``OSError``."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=_QUEUE)


def handed_socket(port: int) -> socket.socket | None:
    """The socket that was handed to this process, if it is one of this port; once, and not to what it starts."""
    given = os.environ.get(SOCKET_VARIABLE, "")
    with contextlib.suppress(ValueError, OSError):
        listener = socket.socket(fileno=int(given))
        if listener.getsockname()[1] == port:
            del os.environ[SOCKET_VARIABLE]
            listener.set_inheritable(False)
            return listener
        # Somebody else's, who may ask for it yet.
        listener.detach()
    return None
