"""The states of a task and of a plan, one sentence each, and the named sets that rules are written with."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class TaskState(StrEnum):
    """Where the move of one tenant stands."""

    PENDING = "PENDING"
    """Waits for a slot, for its tenant, or for its paused plan."""
    RUNNING = "RUNNING"
    """Holds its tenant and a slot; its stages run one after the other."""
    PAUSED = "PAUSED"
    """Stopped between two stages, by a person or with its plan; keeps its tenant if it had been admitted."""
    COMPLETED = "COMPLETED"
    """Every stage is done."""
    FAILED = "FAILED"
    """A stage failed, a deadline passed, or recovery gave up; the failure says which."""
    CANCELLED = "CANCELLED"
    """Given up, by a person or by its plan's policy, before it started or between two stages."""
    ROLLING_BACK = "ROLLING_BACK"
    """Holds its tenant and a slot; its touched stages are re-done with the old config."""
    ROLLED_BACK = "ROLLED_BACK"
    """Every touched stage is back at the old config and verified."""
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    """A stage could not be taken back; a person must look, and can ask for the rollback again."""


class PlanState(StrEnum):
    """Where one submission stands."""

    CREATED = "CREATED"
    """Being written by a submit; nothing of it runs."""
    READY = "READY"
    """Written whole; no coordinator has looked at it yet."""
    RUNNING = "RUNNING"
    """Its tasks are admitted as slots and tenants come free."""
    PAUSED = "PAUSED"
    """Stopped by a person or by its breaker; none of its stages runs."""
    COMPLETED = "COMPLETED"
    """Every task completed."""
    FAILED = "FAILED"
    """Ended with at least one task failed."""
    CANCELLED = "CANCELLED"
    """Ended by a cancel of the plan, or of some of its tasks while no failure of another counts."""
    ROLLING_BACK = "ROLLING_BACK"
    """Going back: nothing new starts, touched tasks return to their old config."""
    ROLLED_BACK = "ROLLED_BACK"
    """Everything it touched is back at the old config; or, task by task, some of it is and the rest completed."""
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    """Ended going back with at least one task that could not."""


TASK_ACTIVE: Final = frozenset({TaskState.RUNNING, TaskState.ROLLING_BACK})
"""A worker may be at it: these hold tenant, slot and lease."""

TASK_ENDED: Final = frozenset(
    {
        TaskState.COMPLETED,
        TaskState.FAILED,
        TaskState.CANCELLED,
        TaskState.ROLLED_BACK,
        TaskState.ROLLBACK_FAILED,
    }
)
"""Nothing more happens unless a person asks."""

TASK_OPEN: Final = frozenset(TaskState) - TASK_ENDED
"""Keeps its plan open."""

TASK_GIVEN_UP: Final = frozenset({TaskState.CANCELLED, TaskState.ROLLING_BACK, TaskState.ROLLED_BACK})
"""Neither moves nor has moved, or is taken back."""

PLAN_ENDED: Final = frozenset(
    {
        PlanState.COMPLETED,
        PlanState.FAILED,
        PlanState.CANCELLED,
        PlanState.ROLLED_BACK,
        PlanState.ROLLBACK_FAILED,
    }
)
"""Every task of the plan has ended."""

PLAN_OPEN: Final = frozenset(PlanState) - PLAN_ENDED - {PlanState.CREATED}
"""Coordinators look after these."""

PLAN_ENDED_WELL: Final = frozenset({PlanState.COMPLETED, PlanState.ROLLED_BACK})
"""What `watch` answers with exit code 0. Who asked for a move is glad of COMPLETED only."""

PURGED: Final = "PURGED"
"""Told in a task's or tenant's state's place: its plan's record was purged."""

LOST: Final = "LOST"
"""The same of a tenant: the record of the plan that changed it last was gone."""

DAMAGED: Final = "DAMAGED"
"""The same of a plan, task or tenant: what the ledger has of it cannot be read."""
