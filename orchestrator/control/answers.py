"""What the client answers about plans and tasks; camelCase as JSON, times ISO-8601 UTC or null."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from orchestrator.domain.errors import Problem
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.status import PURGED


class Answer(BaseModel):
    """Base of the answers: immutable, camelCase on the wire, unknown keys of a newer version ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, alias_generator=to_camel)


class LastOperation(Answer):
    """What was last asked of this task, or of this plan as a whole, its gates included: by whom, why and when. An
    accept or exclude of a plan's tasks is told of the plan and of each of those."""

    operation: str
    actor: str
    reason: str
    at: str


class PausedBy(Answer):
    """Who stopped a plan or task that is paused, whatever was asked of it since. ``kind``: a ``person``, the ``gate``
    of ``wave`` by its rejection, or the plan's ``breaker``, which acts as "policy"."""

    kind: str
    actor: str
    reason: str
    at: str
    wave: str | None = None


class DeployUnit(Answer):
    """What a tenant is: the identity in its config."""

    deploy_unit_id: JsonValue = None
    deploy_unit_name: JsonValue = None
    deploy_unit_version: JsonValue = None


class OpenTask(Answer):
    """A task of a tenant that has not ended, or that is to go back. ``last_mover``: it is no such one, but the last
    that moved the tenant."""

    task_id: str
    plan_id: str
    status: str
    last_mover: bool = False


class TaskStatus(Answer):
    """One tenant's move. ``waiting_for`` is the task that holds its tenant; ``waits_because`` what else keeps it from
    being admitted, in words: a freeze, a group.

    ``duration_millis`` comes with the end: all the time from start to end. ``paused_millis`` of it were spent paused,
    or resumed and waiting to be admitted again.
    """

    task_id: str
    plan_id: str
    tenant_id: str
    status: str
    current_stage: str | None = None
    completed_stages: int = 0
    total_stages: int = 0
    progress_percent: float = 0.0
    pause_requested: bool = False
    cancel_requested: bool = False
    rollback_requested: bool = False
    goes_back: bool = False
    """The stages counted are those of its rollback."""
    retry_count: int = 0
    started_at: str | None = None
    ended_at: str | None = None
    duration_millis: int | None = None
    paused_millis: int | None = None
    waiting_for: str | None = None
    waits_because: str | None = None
    accepted: bool = False
    """Its failure does not count any more."""
    skipped_stages: list[str] = []
    """Stages that failed and that it went on behind."""
    failure_info: FailureInfo | None = None
    sent_back: bool = False
    """Its plan's policy took it back, or does, and it has not been moved again since."""
    went_back_for: FailureInfo | None = None
    """Why it went back, if it had failed: kept beside what its way back may have failed of."""
    verdicts: dict[str, list[str]] | None = None
    """What each instance said at each attempt of the stage's health check, the oldest first."""
    last_operation: LastOperation | None = None
    paused_by: PausedBy | None = None
    current: DeployUnit | None = None
    """Asked of one task: what its tenant is since its last whole move or rollback."""
    last_known_good: DeployUnit | None = None
    """Asked of one task: what it was when a health check last confirmed a move or rollback of it."""
    other_tasks: list[OpenTask] = []
    """Asked by tenant: its other open tasks, which are of other plans."""


class PurgedTenant(Answer):
    """A tenant whose plans have all been purged, or (status ``LOST``) whose last one's record was gone: what is still
    known. ``last_mover``: the task that changed it last."""

    tenant_id: str
    status: str = PURGED
    last_mover: str | None = None
    current: DeployUnit | None = None
    last_known_good: DeployUnit | None = None


class DamagedTask(Answer):
    """A task with whose record nobody can work; ``wrong``: what is; ``way_out``: in words, and the command that would
    be taken now."""

    task_id: str
    tenant_id: str
    wrong: str
    way_out: str


class GateQuestions(Answer):
    """How an HTTP gate that has not answered yet is asked: where (secrets masked), since when, how often, what it said
    last and when, when it is asked next, and when it is rejected without a yes. ``question_due``: that time, or the
    last one for a yes, is past; ``question_late``: by ten seconds, so that no worker seems to be there."""

    url: str
    asked_since: str | None = None
    times_asked: int = 0
    last_answer: str | None = None
    answered_at: str | None = None
    asked_next: str | None = None
    rejected_at: str | None = None
    question_due: bool = False
    question_late: bool = False


class WaveStatus(Answer):
    """One wave of a plan. ``could_not_go_back``: how many of ``failed`` no retry moves, since their way back failed;
    ``tolerance`` counts what a person's answers have added; None bears any number.
    ``gate_questions``: while the wave waits for an HTTP gate; ``rejected_by``, ``rejected_because``: after a no."""

    name: str
    state: str
    tenants: int
    ended: int = 0
    failed: int = 0
    could_not_go_back: int = 0
    tolerance: int | None = None
    max_concurrency: int | None = None
    sent_back: int = 0
    """How many its breaker took back, until they are moved again or the plan goes on without them."""
    soaks_until: str | None = None
    last_looks_due: bool = False
    """Its soak is past its time, and has not been seen to the end."""
    last_looks_late: bool = False
    gone_at_last_look: int = 0
    """Of a soak past its time: how many were gone when all were looked at last, and are looked at again."""
    clock_put_back: bool = False
    """Its soak is over by the ledger's clock, but lasts until the time that people are shown is there again."""
    gate: str | None = None
    gate_questions: GateQuestions | None = None
    rejected_by: str | None = None
    rejected_because: str | None = None
    counts: dict[str, int] = {}


class BreakerStatus(Answer):
    """How many of a plan's tasks have failed and how many may; ``tripped``: what followed, until somebody answers; of a
    plan that runs again after its end, and nobody of it starts for its breaker, what it declares."""

    failed: int
    could_not_go_back: int = 0
    tolerance: int | None = None
    mode: str = "soft"
    on_breach: str = "pause"
    tripped: str | None = None


class PlanSummary(Answer):
    """A plan without its tasks; ``counts``: how many of them are in each status; ``resuming``,
    ``retrying``: coordinators still put its paused, its failed tasks back into the queue, some at a time."""

    plan_id: str
    name: str
    status: str
    pausing: bool = False
    cancelling: bool = False
    resuming: bool = False
    retrying: bool = False
    max_concurrency: int
    counts: dict[str, int]
    accepted_failures: int = 0
    """How many of its tasks have failed, which was accepted, or have left a failed stage out."""
    last_operation: LastOperation | None = None
    paused_by: PausedBy | None = None
    waves: list[WaveStatus] = []
    current_wave: str | None = None
    """The first wave that is not done with, by its name: until it is, no task of a later one starts."""
    breaker: BreakerStatus | None = None
    waits_because: str | None = None
    """In words: nothing of it moves, though it runs, since a breaker has tripped or took tasks back; it starts at a
    time that is to come, or only so many a minute, or, by a strict breaker, at a time; or, of a plan that is not one
    of a list, what its tasks wait for that are to go back."""


class PlanStatus(PlanSummary):
    """A plan with its tasks, or a page of them; ``matching``: how many there are of those that were asked for, on this
    page and others."""

    matching: int = 0
    tasks: list[TaskStatus]


class SubmitResult(Answer):
    """The submitted plan, and what validation found that is allowed and probably not meant. ``resolved``: its waves and
    tolerances in numbers, "" when it has none."""

    plan_id: str
    status: str
    resolved: str = ""
    warnings: list[Problem] = []


class OperationResult(Answer):
    """How an operation was taken. ``accepted`` is also true of one that asks for what is so already; ``task_id``: the
    task that was acted on (none for a plan). The call with the same ``request_id`` again changes nothing and is
    answered the same."""

    target_type: str
    target_id: str
    accepted: bool
    status: str
    message: str
    task_id: str | None = None
    request_id: str = ""


class PurgeResult(Answer):
    """Ids of the plans that were taken out."""

    purged: list[str]


class CheckpointStatus(Answer):
    """What is kept of a task; ``finding`` says it in words. ``outputs``: by stage, what its steps returned."""

    task_id: str
    kept: bool
    finding: str
    store: str | None = None
    mode: str | None = None
    attempt: int | None = None
    epoch: int | None = None
    completed_stages: int | None = None
    last_stage: str | None = None
    size_bytes: int | None = None
    outputs: dict[str, JsonValue] = {}


class Remark(Answer):
    """One thing that is so. ``situation``: its section in docs/runbooks.md; ``commands``: what to type next, the first
    helps most. Each would be accepted at the moment of the look."""

    situation: str
    sentence: str
    commands: list[str] = []


class Explanation(Answer):
    """Why a task or plan stands where it stands; ``reasons``: each remark as one line, its commands included."""

    target_type: str
    target_id: str
    status: str
    reasons: list[str]
    remarks: list[Remark] = []


class Check(Answer):
    """One thing that `doctor` looked at. ``row``: its section in docs/runbooks.md."""

    row: str
    name: str
    good: bool
    finding: str


class Diagnosis(Answer):
    """All of it; ``healthy`` when every check is good."""

    healthy: bool
    checks: list[Check]
