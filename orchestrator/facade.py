"""The facade that callers of the old executor know: the same operations, names and arguments.

It takes external DTOs and keeps none: what it hands inward is a deep copy, made by the plan factory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.client import Client
from orchestrator.control.answers import OperationResult, TaskStatus
from orchestrator.control.drift_answers import TenantDrift
from orchestrator.control.freeze_desk import FreezeStatus
from orchestrator.control.preview_answers import PreviewEnd, TenantPreview
from orchestrator.domain.config import TenantDeployConfig
from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem, quoted_value
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.task_id import task_ids_of
from orchestrator.observability.refusals import without_secrets
from orchestrator.plans.switch_task import SwitchTask, switch_task


@dataclass(frozen=True, slots=True)
class TaskCreationResult:
    """``plan_id`` and the tasks of its tenants when it was accepted; else every problem, a line each."""

    success: bool
    plan_id: str | None = None
    task_ids: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPreviewResult:
    """What a switch task would change, tenant by tenant, and the digest that ``create_switch_task`` can be bound to;
    else every problem, a line each."""

    success: bool
    digest: str | None = None
    tenants: tuple[TenantPreview, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskOperationResult:
    """How an operation was taken; ``message`` says why not, or what happens next."""

    success: bool
    target_id: str
    status: str | None
    message: str


@dataclass(frozen=True, slots=True)
class TaskStatusInfo:
    """Where one task stands."""

    task_id: str
    plan_id: str
    tenant_id: str
    status: str
    current_stage: str | None
    completed_stages: int
    total_stages: int
    progress_percent: float
    pause_requested: bool
    cancel_requested: bool
    retry_count: int
    started_at: str | None
    ended_at: str | None
    duration_millis: int | None
    failure: FailureInfo | None


class DeploymentTaskFacade:
    """Operations by tenant and by plan. Nothing is raised for a refusal: the result says so.

    An id may be a whole number, as the old executor's are: it stands for its text. What is neither number nor text
    is refused before anything is asked (``InvalidInput`` from what has no ``success`` to say so with).
    """

    def __init__(self, client: Client | None = None, *, name: str = "switch task") -> None:
        """``name`` is given to the plans that are created here."""
        self._client = client or Client()
        self._name = name

    def create_switch_task(
        self, configs: Sequence[TenantDeployConfig | Mapping[str, Any]], **plan: Any
    ) -> TaskCreationResult:
        """Submits one plan that moves these tenants, in this order. A config may be the old executor's, as it is.

        Further keys of a plan (``stages``, ``service_names``, ``max_concurrency``, ``plan_id``, ``name``) may be given;
        they go before what the configs say of their plan. ``preview`` among them: a preview's digest; refused when one
        of the tenants has moved since.
        """
        preview = plan.pop("preview", None)
        try:
            task = switch_task(configs, **{"name": self._name, **plan})
            with task.telling():
                content = self._content(task)
                submitted = self._client.submit(content, preview=preview)
        except ChangeoverError as error:
            return TaskCreationResult(success=False, problems=_problems(error))
        task_ids = tuple(task_ids_of(submitted.plan_id, len(content["tenants"])))
        return TaskCreationResult(success=True, plan_id=submitted.plan_id, task_ids=task_ids)

    def preview_switch_task(
        self, configs: Sequence[TenantDeployConfig | Mapping[str, Any]], **plan: Any
    ) -> TaskPreviewResult:
        """What ``create_switch_task`` of the same would change; writes nothing."""
        try:
            task = switch_task(configs, **{"name": self._name, **plan})
            with task.telling():
                *tenants, end = self._client.preview(self._content(task))
        except ChangeoverError as error:
            return TaskPreviewResult(success=False, problems=_problems(error))
        digest = end.digest if isinstance(end, PreviewEnd) else None
        return TaskPreviewResult(True, digest, tuple(one for one in tenants if isinstance(one, TenantPreview)))

    def _content(self, task: SwitchTask) -> dict[str, Any]:
        return task.require(lambda plan: self._client.validate(plan)[0].errors)

    def pause_task_by_tenant(self, tenant_id: str | int) -> TaskOperationResult:
        """Stops the tenant's task between two stages."""
        return _result("tenant_id", tenant_id, lambda one: self._client.pause(tenant_id=one))

    def pause_task_by_plan(self, plan_id: str | int) -> TaskOperationResult:
        """Stops a whole plan."""
        return _result("plan_id", plan_id, lambda one: self._client.pause(plan_id=one))

    def resume_task_by_tenant(self, tenant_id: str | int) -> TaskOperationResult:
        """Lets the tenant's task go on from its checkpoint."""
        return _result("tenant_id", tenant_id, lambda one: self._client.resume(tenant_id=one))

    def resume_task_by_plan(self, plan_id: str | int) -> TaskOperationResult:
        """Lets a whole plan go on."""
        return _result("plan_id", plan_id, lambda one: self._client.resume(plan_id=one))

    def rollback_task_by_tenant(self, tenant_id: str | int) -> TaskOperationResult:
        """Takes the tenant back to its old config."""
        return _result("tenant_id", tenant_id, lambda one: self._client.rollback(tenant_id=one))

    def rollback_task_by_plan(self, plan_id: str | int) -> TaskOperationResult:
        """Takes back everything that a plan touched."""
        return _result("plan_id", plan_id, lambda one: self._client.rollback(plan_id=one))

    def retry_task_by_tenant(self, tenant_id: str | int, from_checkpoint: bool) -> TaskOperationResult:
        """Runs the tenant's failed task again."""
        return _result(
            "tenant_id", tenant_id, lambda one: self._client.retry(tenant_id=one, from_checkpoint=from_checkpoint)
        )

    def retry_task_by_plan(self, plan_id: str | int, from_checkpoint: bool) -> TaskOperationResult:
        """Runs a plan's failed tasks again."""
        return _result("plan_id", plan_id, lambda one: self._client.retry(plan_id=one, from_checkpoint=from_checkpoint))

    def cancel_task(self, task_id: str | int) -> TaskOperationResult:
        """Gives up one task."""
        return _result("task_id", task_id, lambda one: self._client.cancel(task_id=one))

    def cancel_task_by_tenant(self, tenant_id: str | int) -> TaskOperationResult:
        """Gives up the tenant's task."""
        return _result("tenant_id", tenant_id, lambda one: self._client.cancel(tenant_id=one))

    def accept_failure_by_task(self, task_id: str | int, reason: str) -> TaskOperationResult:
        """Lets the task's failure not count any more."""
        return _result("task_id", task_id, lambda one: self._client.accept(task_id=one, reason=reason))

    def accept_failures_by_plan(self, plan_id: str | int, reason: str, cause: str | None = None) -> TaskOperationResult:
        """The same of a plan's failures, or those of a cause."""
        return _result("plan_id", plan_id, lambda one: self._client.accept(plan_id=one, cause=cause, reason=reason))

    def exclude_tenants_by_plan(self, plan_id: str | int, tenants: str, reason: str) -> TaskOperationResult:
        """Takes waiting tenants of an id or pattern out of a plan."""
        return _result(
            "plan_id", plan_id, lambda one: self._client.exclude(one, _text("tenants", tenants), reason=reason)
        )

    def skip_failed_stage(self, task_id: str | int, reason: str) -> TaskOperationResult:
        """Lets a failed task go on behind the stage that failed."""
        return _result("task_id", task_id, lambda one: self._client.skip_stage(one, reason=reason))

    def freeze_tenants(
        self, tenants: str, reason: str, for_seconds: float | None = None, *, rollbacks_too: bool = False
    ) -> FreezeStatus:
        """Admits no move of the tenants of an id or pattern for so many seconds, which have to be given. Raises
        ``InvalidInput``."""
        return self._client.freeze(
            tenants=_text("tenants", tenants), reason=reason, for_seconds=for_seconds, rollbacks_too=rollbacks_too
        )

    def unfreeze(self, freeze_id: str, reason: str) -> TaskOperationResult:
        """Lifts a freeze."""
        return _result("freeze_id", freeze_id, lambda one: self._client.unfreeze(one, reason=reason))

    def query_freezes(self, tenant_id: str | int | None = None) -> tuple[FreezeStatus, ...]:
        """Every freeze that is set, or those that cover a tenant."""
        return tuple(self._client.freezes(None if tenant_id is None else _text("tenant_id", tenant_id)))

    def find_drift_by_plan(self, plan_id: str | int) -> tuple[TenantDrift, ...]:
        """Asks the instances of a plan's tenants whether they are still where they were moved. Raises ``NotFound``."""
        found = self._client.drift(plan_id=_text("plan_id", plan_id))
        return tuple(one for one in found if isinstance(one, TenantDrift))

    def find_drift_by_tenant(self, tenants: str) -> tuple[TenantDrift, ...]:
        """The same of the tenants of an id or pattern."""
        found = self._client.drift(tenants=_text("tenants", tenants))
        return tuple(one for one in found if isinstance(one, TenantDrift))

    def query_task_status(self, task_id: str | int) -> TaskStatusInfo:
        """Where the task stands. Raises ``NotFound``."""
        return _info(self._client.task_status(_text("task_id", task_id)))

    def query_task_status_by_tenant(self, tenant_id: str | int) -> TaskStatusInfo:
        """Where the tenant's task stands. Raises ``NotFound``."""
        return _info(self._client.tenant_status(_text("tenant_id", tenant_id)))


def _problems(error: ChangeoverError) -> tuple[str, ...]:
    return tuple(map(str, error.problems)) if isinstance(error, InvalidInput) else (str(error),)


def _result(field: str, target_id: Any, ask: Callable[[str], OperationResult]) -> TaskOperationResult:
    try:
        result = ask(_text(field, target_id))
    except ChangeoverError as error:
        return TaskOperationResult(success=False, target_id=str(target_id), status=None, message=str(error))
    return TaskOperationResult(result.accepted, str(target_id), result.status, result.message)


def _text(field: str, value: Any) -> str:
    """The old executor's ids are numbers: taken as their text. Judged before anything is asked."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    said = without_secrets(quoted_value(value))
    raise InvalidInput([Problem(field, None, f"expected text or a whole number, not {said}")])


def _info(status: TaskStatus) -> TaskStatusInfo:
    return TaskStatusInfo(
        task_id=status.task_id,
        plan_id=status.plan_id,
        tenant_id=status.tenant_id,
        status=status.status,
        current_stage=status.current_stage,
        completed_stages=status.completed_stages,
        total_stages=status.total_stages,
        progress_percent=status.progress_percent,
        pause_requested=status.pause_requested,
        cancel_requested=status.cancel_requested,
        retry_count=status.retry_count,
        started_at=status.started_at,
        ended_at=status.ended_at,
        duration_millis=status.duration_millis,
        failure=status.failure_info,
    )
