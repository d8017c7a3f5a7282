"""The console of ``changeover up``: on loopback, with a link by which its owner signs in once."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import sys
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final

from orchestrator.background.held_port import listen_on
from orchestrator.control.target import default_actor
from orchestrator.domain.roles import Role
from orchestrator.embedded.ports import HOST, hold_free_port, hold_port, port_of
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Order
from orchestrator.ledger.sessions import LINK_SECONDS
from orchestrator.ledger.tokens import Tokens, owner_token
from orchestrator.settings.model import Settings

_HEALTH: Final = "/health"
ANSWERS_WITHIN_SECONDS: Final = 1.0
OWNER_LASTS_MS: Final = 24 * 3600 * 1000
_JOURNAL: Final = "JOURNAL_STREAM"
"""Systemd's: the device and inode of the socket that leads into its log."""


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """Where it is. The port is ours from the first moment on: what answers there is the console that we started."""

    listener: socket.socket
    is_https: bool

    @property
    def port(self) -> int:
        """Its port."""
        return port_of(self.listener)

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.is_https else 'http'}://{HOST}:{self.port}"

    def is_open(self) -> bool:
        """Whether the console answers."""
        with contextlib.suppress(OSError, HTTPException):
            connection = self._connection()
            with contextlib.closing(connection):
                connection.request("GET", _HEALTH)
                return connection.getresponse().status == HTTPStatus.OK
        return False

    def _connection(self) -> HTTPConnection:
        if not self.is_https:
            return HTTPConnection(HOST, self.port, timeout=ANSWERS_WITHIN_SECONDS)
        # Whose certificate it is does not matter: the socket is ours, and nothing of ours is sent.
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection(HOST, self.port, timeout=ANSWERS_WITHIN_SECONDS, context=anybody)

    def invitation(self, settings: Settings, redis_url: str) -> str:
        """What its owner is told: the address, and unless it is a log that is told, a link that signs in as an admin,
        once and soon. The token behind it is known to nobody; the next ``up`` takes it back."""
        if _is_logged():
            return f"console: {self.url}; make yourself a token: changeover token create"
        owner = default_actor()
        with translate_errors(redis_url), connect(redis_url, patient=True) as client:
            tokens = Tokens(Ledger(client, settings))
            _, token = tokens.create(owner_token(owner), Role.ADMIN, Order(owner), OWNER_LASTS_MS, replaces=True)
            link = tokens.make_link(token.name, owner)
            assert link is not None
        return f"console: {self.url}/sign-in#{link.text} signs you in once, within {LINK_SECONDS // 60} minutes"


def _is_logged() -> bool:
    """Whether what we print goes into systemd's journal: its variable is inherited, so it is compared."""
    with contextlib.suppress(OSError, ValueError):
        where = os.fstat(sys.stdout.fileno())
        return os.environ.get(_JOURNAL) == f"{where.st_dev}:{where.st_ino}"
    return False


def front_door(port: int | None, settings: Settings) -> FrontDoor:
    """On this port, else on that of the settings, or another if that is taken. Raises ``PortTaken`` or ``InvalidInput``
    for the first."""
    if port is not None:
        listener = hold_port(port, "--console-port")
    else:
        try:
            listener = listen_on(HOST, settings.console.port)
        except OSError:
            listener = hold_free_port()
    return FrontDoor(listener, settings.console.tls_cert is not None)
