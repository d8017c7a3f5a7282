"""Whether the ledger takes writes: a Redis that is full, or a replica, answers every read, and nothing moves."""

from __future__ import annotations

from typing import Final

import redis

from orchestrator.domain.errors import TooOld
from orchestrator.ledger.operations import Operation, Operations
from orchestrator.ledger.refusals import refusal

NO_PLAN: Final = "-"
"""No plan's id: what is asked of it is answered at once."""


def server_takes_writes(operations: Operations) -> bool:
    """Whether the server does; that this process is too old to write is none of its doing."""
    try:
        operations.would(Operation.CANCEL, "plan", NO_PLAN)
    except TooOld:
        return True
    except redis.RedisError:
        return False
    return True


def why_no_writes(operations: Operations, url: str) -> str:
    """Why not, as one sentence; "" when it does. ``url``: of the ledger's Redis, for the sentence."""
    try:
        operations.would(Operation.CANCEL, "plan", NO_PLAN)
    except TooOld as error:
        return str(error)
    except redis.RedisError as error:
        if (found := refusal(error, url)) is None:
            raise
        return str(found)
    return ""
