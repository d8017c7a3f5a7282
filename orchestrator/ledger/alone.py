"""Checkpoints in one process' memory: nobody else may work on its namespace, whose tasks would come without theirs."""

from __future__ import annotations

import os
import socket
from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.presence import ALIVE_SECONDS, Process, alive
from orchestrator.settings.model import Settings

MEMORY: Final = "memory"


def require_alone(settings: Settings, url: str) -> None:
    """Of a process that keeps checkpoints in its memory. Raises ``InvalidInput``, naming them, where other processes
    have the namespace at hand, and ``Unreachable``. One that was killed on this machine is told from its pid."""
    if settings.checkpoint.store_type != MEMORY:
        return
    with translate_errors(url), connect(url, patient=False) as client:
        others = [one for one in alive(client, Keys(settings.namespace)) if not _is_own(one) and not _is_gone(one)]
    if others:
        named = ", ".join(sorted({f"{one.role} {one.name} (seen {one.age_seconds:.0f} s ago)" for one in others}))
        message = (
            f"keeps checkpoints inside one process, and others work on namespace {settings.namespace!r} of this Redis: "
            f"{named}; stop them, take another CHANGEOVER_NAMESPACE, or use redis or db; one that was killed is in "
            f"nobody's way {ALIVE_SECONDS:.0f} s after it was last seen"
        )
        raise InvalidInput([Problem("checkpoint.store_type", MEMORY, message)])


def _is_own(one: Process) -> bool:
    return one.host == socket.gethostname() and one.pid == os.getpid()


def _is_gone(one: Process) -> bool:
    if one.host != socket.gethostname():
        return False
    try:
        os.kill(one.pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        # Somebody else's, and there.
        pass
    return False
