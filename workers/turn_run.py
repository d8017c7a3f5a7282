"""One turn under way: the cursor it moves and what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

from checkpoint import SIZE_LIMIT, Checkpoint
from orchestrator.domain.errors import DamagedData, cut_text, quoted_value
from orchestrator.domain.task_id import plan_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.records import Admitted, Turn, TurnRecord, identity_of
from orchestrator.ledger.stored_forms import TASK_FORMS, expected, wrong_member
from orchestrator.stages.reach import Limits
from steps import (
    Http,
    InstanceLists,
    Target,
)
from steps.expressions.sandbox import ReadByName
from workers.middleware import StageInfo
from workers.plan_cache import CachedPlan


@dataclass(slots=True)
class Cursor:
    """Where in the stage the next turn goes on: step index, that step's attempts, state and note, outputs so far."""

    step: int = 0
    attempt: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    healthy: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    """What a newer release keeps besides: not known here, and given back as it was."""

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Cursor:
        """What the ledger kept."""
        known = {name: kept[name] for name in _KEPT if name in kept}
        return cls(**known, more={name: value for name, value in kept.items() if name not in known})

    def step_done(self, outputs: Mapping[str, Any], *, confirms_health: bool) -> None:
        """Moves to the next step."""
        if outputs:
            self.outputs[str(self.step)] = dict(outputs)
        self.healthy = self.healthy or confirms_health
        self.step, self.attempt, self.state, self.note = self.step + 1, 0, {}, ""

    def as_json(self) -> dict[str, Any]:
        """What the ledger keeps between two turns."""
        return {**self.more, **{name: getattr(self, name) for name in _KEPT}, "state": dict(self.state)}


def cursor_of(record: TurnRecord) -> Cursor:
    """Where the turn goes on. Raises ``DamagedData``, naming it, for what a hand has made of it."""
    if record.no_cursor:
        wrong = f"is {quoted_value(record.no_cursor)}, expected a JSON object"
    elif found := wrong_member(TASK_FORMS["cursor"], record.cursor):
        member, value = found
        wrong = f"has {member} {cut_text(value) or 'missing'}, expected {expected(TASK_FORMS['cursor'], member)}"
    else:
        return Cursor.from_json(record.cursor)
    raise _damaged_cursor(record, wrong)


def check_place(cursor: Cursor, record: TurnRecord, steps: int) -> None:
    """Raises ``DamagedData`` for a cursor behind the last of so many steps: a turn ends within its steps or ends its
    stage, and a stage of which none is run must not count as done."""
    if record.cursor and cursor.step >= steps:
        raise _damaged_cursor(record, f"has step {cursor.step}, expected at most {steps - 1}")


def _damaged_cursor(record: TurnRecord, wrong: str) -> DamagedData:
    return DamagedData(
        f"the stored cursor of tenant {record.tenant_id} {wrong}: a hand in the data? "
        f"`{typed('retry', '--tenant', record.tenant_id)}` runs the stage from its first step"
    )


_KEPT: Final = ("step", "attempt", "state", "note", "outputs", "healthy")


@dataclass(frozen=True)
class TaskRun:
    """What all turns of a task share within a delivery: its plan's stages, and its configs, see ``configs_for``."""

    plan: CachedPlan
    config: dict[str, Any]
    other_config: dict[str, Any] | None
    new_config: dict[str, Any]

    @cached_property
    def identity(self) -> str:
        """What the tenant is with the config that is applied, see ``identity_of``."""
        return identity_of(self.config)


@dataclass(slots=True)
class Run:
    """One turn under way. ``outputs``: those of the recorded stages; ``failed_step``, ``lost``: why it ended.

    ``task`` and all that comes from the record is there once it is known, also from an earlier turn of this delivery.
    ``polls_only``: in a poll round, whose threads are for polls; ``fetched``: its checkpoint, looked up with theirs.
    """

    turn: Turn
    record: TurnRecord
    cursor: Cursor = field(default_factory=Cursor)
    task: TaskRun | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failed_step: str | None = None
    lost: bool = False
    polls_only: bool = False
    fetched: Checkpoint | None = None
    info: StageInfo = field(init=False)

    def __post_init__(self) -> None:
        turn, record = self.turn, self.record
        plan_id = plan_of(turn.task_id)
        self.info = StageInfo(plan_id, turn.task_id, record.tenant_id, record.stage_name, record.mode, turn.turn)

    def next_stage(self, index: int, name: str, outputs: Mapping[str, Any]) -> Run:
        """The first turn of the task's next leg, which has begun."""
        turn = Turn(self.turn.task_id, self.turn.epoch, self.turn.stage + 1, 0)
        record = self.record.at_stage(index, name)
        return Run(turn, record, task=self.task, outputs=outputs)

    def as_admitted(self, stage: int, turn: int = 0) -> Admitted:
        """The task as a chain of its legs from this one on is published."""
        record = self.record
        return Admitted(self.turn.task_id, record.tenant_id, record.mode, self.turn.epoch, stage, record.legs, turn)


@dataclass(frozen=True, slots=True)
class Again:
    """A turn that polls again after so long, to be recorded with its cursor, which is JSON."""

    run: Run
    seconds: float
    cursor: str


class SharedHttp(Protocol):
    """The HTTP client of a process, of which each owner gets a part."""

    def of(self, owner: str) -> Http:
        """The client for one tenant's steps, or for the gates of a plan."""
        ...


@dataclass(frozen=True, slots=True)
class StepResources:
    """What the steps of a process work with: Changeover's own Redis, others by name, HTTP, instances, secrets."""

    target: Target
    http: SharedHttp
    targets: Mapping[str, Target]
    instances: InstanceLists
    secrets: ReadByName
    limits: Limits = field(default_factory=Limits)
    most_output: int = SIZE_LIMIT
    """Bytes that a checkpoint may have."""
