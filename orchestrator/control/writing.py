"""Whether the ledger takes writes: a Redis that is full, or a replica, answers every read, and nothing moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import redis

from orchestrator.domain.errors import DamagedData, TooOld
from orchestrator.ledger.operations import Operation, Operations
from orchestrator.ledger.refusals import refusal

NO_PLAN: Final = "-"
"""No plan's id: what is asked of it is answered at once."""


@dataclass(frozen=True, slots=True)
class Writes:
    """Whether they are taken now. ``refusal``: why not, as one sentence; "" when they are. ``by_server``: the server
    refuses them; it is none of its doing when this process is too old to write. ``by_damage``: a key that every script
    goes by is not what it was."""

    refusal: str = ""
    by_server: bool = False
    by_damage: bool = False


def look_at_writes(operations: Operations, url: str) -> Writes:
    """``url``: of the ledger's Redis, for the sentence."""
    try:
        operations.would(Operation.CANCEL, "plan", NO_PLAN)
    except TooOld as error:
        return Writes(str(error))
    except redis.RedisError as error:
        if (found := refusal(error, url)) is None:
            raise
        is_damage = isinstance(found, DamagedData)
        return Writes(str(found), by_server=not is_damage, by_damage=is_damage)
    return Writes()
