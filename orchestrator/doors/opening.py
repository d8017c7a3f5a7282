"""Which door a client takes: the console that the environment names, or the ledger of the settings."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.settings.model import Settings, load_settings

if TYPE_CHECKING:
    from orchestrator.control.door import ClientDoor

URL_VARIABLE: Final = "CHANGEOVER_API_URL"
TOKEN_VARIABLE: Final = "CHANGEOVER_API_TOKEN"  # noqa: S105 - its name
_NO_TOKEN: Final = re.compile(r"[^!-~]")
"""White space, a second line, what came with it from a chat or a file: no header takes that."""


def console_is_named() -> bool:
    """Whether the environment says that commands work through a console."""
    return bool(os.environ.get(URL_VARIABLE))


def open_door(settings: Settings | None) -> ClientDoor:
    """The ledger of these settings; without them the console of the environment, else the ledger of its settings."""
    if settings is None:
        _log_to_stderr()
    if settings is None and console_is_named():
        return open_console(os.environ[URL_VARIABLE], os.environ.get(TOKEN_VARIABLE, ""))
    # Each door brings much that the other does not need.
    from orchestrator.doors.ledger import LedgerDoor

    return LedgerDoor(settings or load_settings())


def _log_to_stderr() -> None:
    """In a command, or a script that has set up no logs: structlog would print them to standard output, into a
    command's JSON."""
    import structlog

    if not structlog.is_configured():
        # Asked at each line: who runs us may set another.
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def open_console(url: str, token: str) -> ClientDoor:
    """The console at this address. Raises ``InvalidInput`` for an address or a token that cannot be one, or without a
    token."""
    from orchestrator.doors.remote.door import ConsoleDoor

    if not token.strip():
        raise InvalidInput(
            [Problem(TOKEN_VARIABLE, None, "missing: a token of the console, `changeover token create`")]
        )
    if _NO_TOKEN.search(token.strip()):
        # Never quoted: most of it is a token, and what goes into a header is told by whoever refuses it.
        raise InvalidInput(
            [Problem(TOKEN_VARIABLE, None, "expected one token alone, as `changeover token create` prints it")]
        )
    return ConsoleDoor(url, token.strip())
