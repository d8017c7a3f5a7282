"""One turn under way: the cursor it moves and what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from orchestrator.ledger.records import Turn, TurnRecord
from steps import (
    Http,
    InstanceLists,
    Target,
)
from steps.expressions.sandbox import ReadByName
from workers.middleware import StageInfo
from workers.reach import Limits


@dataclass(slots=True)
class Cursor:
    """Where in the stage the next turn goes on: step index, that step's attempts, state and note, outputs so far."""

    step: int = 0
    attempt: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    healthy: bool = False

    def step_done(self, outputs: Mapping[str, Any], *, confirms_health: bool) -> None:
        """Moves to the next step."""
        if outputs:
            self.outputs[str(self.step)] = dict(outputs)
        self.healthy = self.healthy or confirms_health
        self.step, self.attempt, self.state, self.note = self.step + 1, 0, {}, ""

    def as_json(self) -> dict[str, Any]:
        """What the ledger keeps between two turns."""
        return {**asdict(self), "state": dict(self.state)}


@dataclass(slots=True)
class Run:
    """One turn under way. ``outputs``: those of the recorded stages; ``failed_step``, ``lost``: why it ended."""

    turn: Turn
    record: TurnRecord
    cursor: Cursor
    info: StageInfo
    other_config: Mapping[str, Any] | None
    config: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failed_step: str | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class StepResources:
    """What the steps of a process work with: Changeover's own Redis, others by name, HTTP, instances, secrets."""

    target: Target
    http: Http
    targets: Mapping[str, Target]
    instances: InstanceLists
    secrets: ReadByName
    limits: Limits = field(default_factory=Limits)
