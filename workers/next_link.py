"""What becomes of a message's chain once its turn is over."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.status import TaskState
from orchestrator.ledger.records import Turn


@dataclass(frozen=True, slots=True)
class Proceed:
    """The chain goes on with its next link."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The rest of the chain is dropped: ended, stopped at the boundary, or not ours.

    ``failure``: what failed, when a stage was recorded as failed; Flower shows it.
    """

    failure: str = ""


class StageFailed(Exception):
    """The recorded failure of a stage, told to Celery so that the row in Flower is a failed one."""


@dataclass(frozen=True, slots=True)
class Reschedule:
    """The same stage again, as ``turn``, at ``due_ms`` of the ledger's clock; the rest names it in Flower."""

    turn: Turn
    due_ms: int
    tenant_id: str
    mode: TaskState
    stage_name: str


Next = Proceed | Drop | Reschedule
