"""What the verbs answer: one enum a verb, whose members are the codes of its script's header.

A code that says where a task or plan stands now is that state's name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from orchestrator.domain.status import PlanState, TaskState

BAD_MOVE: Final = "BAD_MOVE"
"""Of every verb that moves a task or plan: the transition table refused. ``Ledger`` raises it, so no enum has it."""


TOO_OLD: Final = "TOO_OLD"
"""Of every verb: the ledger needs newer scripts. ``Ledger`` raises it, so no enum has it."""


class Opened(StrEnum):
    """How a submit finds the plan."""

    OPENED = "OPENED"
    DRAFT = "DRAFT"
    EXISTS = "EXISTS"
    CONFLICT = "CONFLICT"
    PURGING = "PURGING"
    REMAINS = "REMAINS"
    """What is left of a plan of this id whose record was lost goes first."""


class Written(StrEnum):
    """What became of a chunk."""

    WRITTEN = "WRITTEN"
    ALREADY = "ALREADY"
    CLOSED = "CLOSED"
    MOVED = "MOVED"
    """Tenants are not as the preview showed them; the commit names them."""


class Committed(StrEnum):
    """What became of a commit."""

    READY = PlanState.READY.value
    EXISTS = "EXISTS"
    INCOMPLETE = "INCOMPLETE"
    MISSING = "MISSING"
    MOVED = "MOVED"


class Begun(StrEnum):
    """What a worker is to do with a stage message."""

    BEGUN = "BEGUN"
    STALE = "STALE"
    EARLY = "EARLY"
    COPY = "COPY"
    TOO_NEW = "TOO_NEW"
    CANCELLED = TaskState.CANCELLED.value
    PAUSED = TaskState.PAUSED.value
    ROLLING_BACK = TaskState.ROLLING_BACK.value


class Looked(StrEnum):
    """What became of a look at a tenant whose wave soaks, or of a question to a gate."""

    LOOK = "LOOK"
    SEEN = "SEEN"
    UNHEALTHY = "UNHEALTHY"
    AGAIN = "AGAIN"
    OVERDUE = "OVERDUE"
    STALE = "STALE"


class Ended(StrEnum):
    """What follows the end of a turn. ``NEXT``: the next stage, by a message; ``BEGUN``: the next stage, here."""

    NEXT = "NEXT"
    BEGUN = "BEGUN"
    AGAIN = "AGAIN"
    COMPLETED = TaskState.COMPLETED.value
    ROLLED_BACK = TaskState.ROLLED_BACK.value
    FAILED = TaskState.FAILED.value
    ROLLBACK_FAILED = TaskState.ROLLBACK_FAILED.value
    CANCELLED = TaskState.CANCELLED.value
    PAUSED = TaskState.PAUSED.value
    ROLLING_BACK = TaskState.ROLLING_BACK.value
    STALE = "STALE"
