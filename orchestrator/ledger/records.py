"""What goes into the verbs and comes out of them, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestrator.domain.status import TaskState
from orchestrator.ledger.outcomes import Ended

Record = Mapping[str, str]
"""The fields of a plan, task, wave or tenant, as the ledger keeps them."""


@dataclass(frozen=True, slots=True)
class StageRow:
    """What the scripts need to know of a stage."""

    name: str
    timeout_seconds: float | None = None
    irreversible: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Names one delivery's worth of work; the whole content of a stage message."""

    task_id: str
    epoch: int
    stage: int
    turn: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """A task that may run: its legs from ``stage`` on are to be published."""

    task_id: str
    tenant_id: str
    mode: TaskState
    epoch: int
    stage: int
    legs: int
    turn: int = 0


def admitted_row(row: Sequence[Any]) -> Admitted:
    """One row of a script's answer."""
    task_id, tenant_id, mode, *numbers = row
    return Admitted(task_id, tenant_id, TaskState(mode), *map(int, numbers))


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was admitted; whether to call again; whether chunks of what was asked of the plan are left; whether the
    plan has no record."""

    tasks: list[Admitted]
    more: bool
    has_chunks: bool
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that begins nothing. The tenant is for display; it is empty when nobody knows the task."""

    tenant_id: str


@dataclass(frozen=True, slots=True)
class Early:
    """A turn that came before its time: due at ``due_ms`` by the ledger's clock. The rest is for display."""

    due_ms: int
    tenant_id: str
    mode: TaskState
    stage_name: str

    def as_admitted(self, turn: Turn, number: int) -> Admitted:
        """The task as the message of this one leg is published, as the turn of that number."""
        return Admitted(turn.task_id, self.tenant_id, self.mode, turn.epoch, turn.stage, turn.stage + 1, number)


@dataclass(frozen=True, slots=True)
class HandedBack(Early):
    """A turn that was given back: its next number, and the own queue of the worker that it is for, "" for any."""

    turn: int
    queue: str


@dataclass(frozen=True, slots=True)
class TooNew:
    """A turn that this worker is too old for: its ``form`` (cursor, checkpoint) has a ``format`` not known to it."""

    form: str
    format: int


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What a begun turn needs: the plan stage it works on and what is known so far.

    ``digest`` is the plan's content; ``rollbacks`` counts how often the task was turned around, this time included;
    ``plan_created`` tells this plan from an earlier one of its id.
    """

    tenant_id: str
    mode: TaskState
    stage_index: int
    stage_name: str
    cursor: Mapping[str, Any]
    config: str
    snapshot: str | None
    attempt: int
    incarnation: str
    checkpoint: Mapping[str, Any]
    forced: bool
    digest: str
    rollbacks: int
    plan_created: str = ""
    legs: int = 0
    skips: bool = False
    """The stage has failed, and a person lets the task go on behind it: it is recorded without being run."""
    no_checkpoint: str = ""
    """What stands in the checkpoint's place and is none: a hand has been in the data."""
    no_cursor: str = ""
    """The same of the cursor."""

    def at_stage(self, index: int, name: str) -> TurnRecord:
        """That of the first turn of another stage."""
        return replace(self, stage_index=index, stage_name=name, cursor={}, no_cursor="", skips=False)


@dataclass(frozen=True, slots=True)
class Onward:
    """Who goes on with what follows a stage: worker and delivery, and the lanes that it serves.

    ``lanes``: '' is all of them; else the number of lanes and those served, ``4:0,2,``. ``spent``: which part of the
    delivery's time is over, 0 to 1.
    """

    worker: str
    lanes: str = ""
    spent: float = 0.0


@dataclass(frozen=True, slots=True)
class Advanced:
    """What followed a stage's end. ``stage``: index and name of the plan stage that has begun for the caller;
    ``task``: the turn, of another task, that has."""

    ended: Ended
    stage: tuple[int, str] | None = None
    task: tuple[Turn, TurnRecord] | None = None


IDENTITY: Final = {
    "deploy_unit_id": "deployUnitId",
    "deploy_unit_name": "deployUnitName",
    "deploy_unit_version": "deployUnitVersion",
}
"""What a tenant is: the keys of its config, and their names in an event."""


def identity_of(config: Mapping[str, Any]) -> str:
    """What a tenant is with this config (snake_case keys), as JSON for an event."""
    return wire_json({wire: config.get(name) for name, wire in IDENTITY.items()})


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def wire_json(value: Any) -> str:
    """Compact JSON. Half a surrogate pair, which an answer may hold and no UTF-8 can carry, is replaced."""
    return _ENCODER.encode(value).encode("utf-8", "replace").decode()


def milliseconds(seconds: float | None) -> int:
    """As scripts take a time that may be left out: 0 for none."""
    return 0 if seconds is None else max(1, round(seconds * 1000))
