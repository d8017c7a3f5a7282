"""What is answered of many: pages of plans, tasks and tenants, failures by their cause; camelCase as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from orchestrator.control.answers import Answer, CheckpointStatus, DamagedTask, DeployUnit, PlanSummary, TaskStatus
from orchestrator.control.freeze_desk import FreezeStatus
from orchestrator.domain.errors import Problem


class PlanPage(Answer):
    """Plans, the newest first. ``next_cursor``: where the next page begins, None behind the last one. A page may hold
    fewer rows than asked for, and there may be more behind it all the same."""

    plans: list[PlanSummary]
    next_cursor: str | None = None


class TaskPage(Answer):
    """Tasks of a plan in its order, or by interest (what failed first); ``next_cursor`` as of plans. ``matching``: how
    many there are on all pages, where that is known without looking at all."""

    plan_id: str
    tasks: list[TaskStatus]
    matching: int | None = None
    next_cursor: str | None = None


class CheckpointPage(Answer):
    """What is kept of tasks of a plan; those of which nothing is kept are left out. ``next_cursor`` as of plans."""

    plan_id: str
    checkpoints: list[CheckpointStatus]
    next_cursor: str | None = None


class MovingView(Answer):
    """A task that holds a slot; of those that were asked for also how it stands, and the step that it is at, which
    attempt that is and what it was answered last."""

    task_id: str
    tenant_id: str
    task: TaskStatus | None = None
    step: str = ""
    attempt: str = ""
    answer: str = ""
    started_at: datetime | None = None


class LivePlanView(Answer):
    """A plan while somebody looks at it. ``now`` is by Redis' clock. ``per_minute``: how many of its tasks end at
    present, ``seconds_left``: how long it takes at that pace; None where nobody can tell."""

    plan: PlanSummary
    now: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    done: int
    total: int
    per_minute: float | None = None
    seconds_left: float | None = None
    moving: list[MovingView]
    failures: list[FailureGroup]


class FailureSample(Answer):
    """One that failed of a cause."""

    task_id: str
    tenant_id: str


class FailureGroup(Answer):
    """Failures of one cause: the same type at the same place. ``message``: of the newest; ``samples``: the
    newest few."""

    type: str
    stage_name: str | None = None
    step_name: str | None = None
    count: int
    message: str
    samples: list[FailureSample]


class PlanFailures(Answer):
    """Why a plan's tasks failed, the most frequent cause first; of more than 100 causes the others are left out."""

    plan_id: str
    failed: int
    groups: list[FailureGroup]


class TenantRow(Answer):
    """A tenant in a list: its newest task and how that stands, and what it runs."""

    tenant_id: str
    labels: dict[str, str] = Field(default_factory=dict)
    task_id: str
    plan_id: str
    status: str
    current: DeployUnit | None = None


class TenantPage(Answer):
    """Tenants, those of the newest plans first; ``next_cursor`` as of plans."""

    tenants: list[TenantRow]
    next_cursor: str | None = None


class TenantMove(Answer):
    """One move of a tenant, of which its plan may be purged: then its ``status`` is PURGED, and no more is known."""

    task_id: str
    plan_id: str
    status: str
    started_at: str | None = None
    ended_at: str | None = None
    deploy_unit: DeployUnit | None = None
    """What it was to become by it."""


class TenantView(Answer):
    """One tenant. ``task``: the one that speaks for it (as in ``TaskStatus`` by tenant); None when
    all its plans are purged. ``before``: what the plan of that task says that it ran before, told while nothing is
    known of what it runs. ``holder``: the task that holds it; ``waiting``: how many wait for it. ``history``: its
    moves, the newest first, 20 at most, as far back as plans are kept."""

    tenant_id: str
    status: str
    labels: dict[str, str] = Field(default_factory=dict)
    current: DeployUnit | None = None
    last_known_good: DeployUnit | None = None
    before: DeployUnit | None = None
    last_mover: str | None = None
    holder: str | None = None
    waiting: int = 0
    task: TaskStatus | None = None
    freezes: tuple[FreezeStatus, ...] = ()
    history: tuple[TenantMove, ...] = ()


class ValidationResult(Answer):
    """What a check of a plan found; ``resolved``: its waves and tolerances in numbers, "" when it has none, ``fleet``
    the same as values."""

    valid: bool
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    tenant_count: int = 0
    resolved: str = ""
    fleet: dict[str, JsonValue] = Field(default_factory=dict)


class DamagedTasks(Answer):
    """Tasks of a plan whose records a hand has damaged."""

    plan_id: str
    tasks: list[DamagedTask]


class FreezeList(Answer):
    """Freezes that are set and not over."""

    freezes: list[FreezeStatus]


class TargetFound(Answer):
    """What has an id."""

    type: str
    identifier: str


class EventPage(Answer):
    """Events in order. ``next_since``: what to ask for next, also when there are none; ``more``: there is more now."""

    events: list[dict[str, JsonValue]]
    next_since: int
    more: bool
