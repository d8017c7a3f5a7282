"""What becomes of a message, and of its chain, once a worker is done with it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.ledger.records import Admitted


@dataclass(frozen=True, slots=True)
class Proceed:
    """The task goes on by a message, from this stage on: the chain's next link, if the chain is this task's."""

    task: Admitted


@dataclass(frozen=True, slots=True)
class FailedStage:
    """A failure that is recorded, as Flower shows it: the row's arguments, and which stage of whom failed and why."""

    shown: str
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    """The rest of the chain is dropped: done, ended, stopped at the boundary, failed, or not ours."""

    failed: FailedStage | None = None


class StageFailed(Exception):
    """The recorded failure of a stage, told to Celery so that the row in Flower is a failed one."""


@dataclass(frozen=True, slots=True)
class Reschedule:
    """The same stage again, as the turn that ``task`` names, at ``due_ms`` of the ledger's clock.

    ``queue``: the own one of the worker that it is for; "" is the tenant's lane, for whoever comes. ``after_seconds``:
    of a poll, how long it waits: with others that are due then it is one message. 0 when it is for a worker's slot.
    """

    task: Admitted
    due_ms: int
    stage_name: str
    queue: str = ""
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PassOn:
    """The same message, as it is, to another worker's own queue; of a round, the same turn."""

    queue: str


Next = Proceed | Drop | Reschedule | PassOn
