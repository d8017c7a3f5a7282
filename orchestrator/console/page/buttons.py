"""Which buttons a plan or task has, and why one may not be pressed: by the role, or as things stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from orchestrator.console.access.roles import LEAST, Actor, Permission
from orchestrator.control.answers import PlanSummary, TaskStatus
from orchestrator.control.live_plan import FAILED
from orchestrator.domain.roles import Role
from orchestrator.domain.status import PLAN_ENDED, PLAN_OPEN, TASK_ENDED, TASK_OPEN, PlanState, TaskState

_RETRIED: Final = (*FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class Button:
    """It asks at ``url``; ``refused``: why it may not be pressed, "" when it may."""

    label: str
    url: str
    refused: str = ""
    style: str = ""


def button(label: str, url: str, role: Role, permission: Permission, refused: str = "", style: str = "") -> Button:
    """A button for a role: one that it may not use says which role may."""
    if not Actor("", role).may(permission):
        refused = f"needs the role {LEAST[permission]}"
    return Button(label, url, refused, style)


def plan_url(plan_id: str) -> str:
    """Where the plan's page is."""
    return f"/plans/{quote(plan_id, safe='')}"


def ask_url(base: str, verb: str, **narrowed: str | None) -> str:
    """Where a verb is asked, of a plan or of a part of it."""
    given = {name: value for name, value in narrowed.items() if value}
    return f"{base}/ask/{verb}" + (f"?{urlencode(given)}" if given else "")


def plan_buttons(plan: PlanSummary, role: Role) -> list[Button]:
    """Always the same, so that nothing moves; what cannot be done now says why."""
    base, state = plan_url(plan.plan_id), plan.status
    failed = sum(plan.counts.get(one, 0) for one in FAILED)
    can_pause = state in (PlanState.READY, PlanState.RUNNING) and not plan.pausing and not plan.cancelling
    # What only its gate has stopped would go on with the approval.
    by_gate = plan.paused_by is not None and plan.paused_by.kind == "gate"
    can_pause = can_pause or (state == PlanState.PAUSED and by_gate)
    can_resume = state == PlanState.PAUSED or plan.pausing
    is_open = state in PLAN_OPEN and state != PlanState.ROLLING_BACK
    said = f"it is {state.lower().replace('_', ' ')}"
    operate = Permission.OPERATE
    return [
        button("Pause", ask_url(base, "pause"), role, operate, "" if can_pause else said),
        button("Resume", ask_url(base, "resume"), role, operate, "" if can_resume else said),
        button("Retry failed", ask_url(base, "retry"), role, operate, _retry_refused(plan, failed)),
        button("Roll back", ask_url(base, "rollback"), role, operate, _rollback_refused(plan), "danger"),
        button("Cancel", ask_url(base, "cancel"), role, operate, _cancel_refused(plan, is_open=is_open), "danger"),
    ]


def more_buttons(plan: PlanSummary, role: Role) -> list[Button]:
    """What is needed seldom."""
    base = plan_url(plan.plan_id)
    failed = sum(plan.counts.get(one, 0) for one in FAILED)
    waits = plan.counts.get(TaskState.PENDING, 0) + plan.counts.get(TaskState.PAUSED, 0)
    ended = plan.status in PLAN_ENDED
    return [
        button("Accept failures…", ask_url(base, "accept"), role, Permission.OPERATE, "" if failed else "none failed"),
        button("Exclude tenants…", ask_url(base, "exclude"), role, Permission.OPERATE, "" if waits else "none waits"),
        button(
            "Pass freezes…",
            ask_url(base, "override-freeze"),
            role,
            Permission.OVERRIDE_FREEZE,
            "it has ended" if ended else "",
        ),
        button("Purge…", ask_url(base, "purge"), role, Permission.PURGE, "" if ended else "it has not ended", "danger"),
    ]


def gate_buttons(plan: PlanSummary, wave: str, role: Role) -> list[Button]:
    """Of a wave's gate."""
    base = plan_url(plan.plan_id)
    return [
        button("Approve", ask_url(base, "approve", wave=wave), role, Permission.APPROVE, style="primary"),
        button("Reject", ask_url(base, "reject", wave=wave), role, Permission.APPROVE),
    ]


def cause_buttons(plan: PlanSummary, kind: str, stage: str, role: Role, *, can_retry: bool = True) -> list[Button]:
    """Of a cause of failure: only its tasks. What could not go back is answered one by one."""
    base = plan_url(plan.plan_id)
    back = "its plan rolls back" if plan.status == PlanState.ROLLING_BACK else ""
    back = back or ("" if can_retry else "their rollback failed: roll back again, one by one")
    return [
        button("Retry these", ask_url(base, "retry", cause=kind, stage=stage), role, Permission.OPERATE, back),
        button("Accept", ask_url(base, "accept", cause=kind), role, Permission.OPERATE, style="plain"),
    ]


def task_buttons(task: TaskStatus, role: Role) -> Iterator[Button]:
    """Of one tenant's move."""
    base, state = f"/tenants/{quote(task.tenant_id, safe='')}", task.status
    said = f"it is {state.lower().replace('_', ' ')}"
    operate = Permission.OPERATE

    def made(label: str, verb: str, can: bool, permission: Permission = operate, style: str = "") -> Button:
        return button(label, ask_url(base, verb, task=task.task_id), role, permission, "" if can else said, style)

    back = state == TaskState.ROLLING_BACK or task.rollback_requested
    open_ = state in TASK_OPEN and not back
    yield made("Pause", "pause", open_ and state != TaskState.PAUSED and not task.pause_requested)
    yield made("Resume", "resume", state == TaskState.PAUSED or task.pause_requested)
    yield made(
        "Retry", "retry", state in _RETRIED and state != TaskState.ROLLBACK_FAILED and not task.rollback_requested
    )
    yield made(
        "Roll back", "rollback", not back and state not in (TaskState.PENDING, TaskState.ROLLED_BACK), style="danger"
    )
    yield made("Cancel", "cancel", open_ or task.rollback_requested, style="danger")
    yield made("Skip stage…", "skip-stage", state == TaskState.FAILED)
    yield made("Accept failure…", "accept", state in FAILED and not task.accepted)
    yield made("Release tenant…", "release", state not in TASK_ENDED, Permission.RELEASE, "danger")


def _retry_refused(plan: PlanSummary, failed: int) -> str:
    if plan.status == PlanState.ROLLING_BACK:
        return "it is rolling back"
    if plan.retrying:
        return "its failed tasks are being retried"
    return "" if failed else "none of its tasks failed"


def _rollback_refused(plan: PlanSummary) -> str:
    if plan.status in (PlanState.ROLLING_BACK, PlanState.CREATED):
        return f"it is {plan.status.lower().replace('_', ' ')}"
    return ""


def _cancel_refused(plan: PlanSummary, *, is_open: bool) -> str:
    if plan.cancelling:
        return "it is being cancelled"
    return "" if is_open else f"it is {plan.status.lower().replace('_', ' ')}"
