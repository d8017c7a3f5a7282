"""Which buttons a plan or task has, and why one may not be pressed: by the role, or since the verb would refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from orchestrator.console.access.roles import LEAST, Actor, Permission
from orchestrator.control.answers import PlanSummary, TaskStatus
from orchestrator.control.possible import Possible
from orchestrator.domain.roles import Role


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


def plan_buttons(plan: PlanSummary, role: Role, possible: Mapping[str, Possible]) -> list[Button]:
    """Always the same, so that nothing moves; what would be refused now says why, in the words of the verb."""
    made = partial(_verb_button, plan_url(plan.plan_id), role, possible)
    return [
        made("Pause", "pause"),
        resume_button(plan, role, possible, "Resume", ""),
        made("Retry failed", "retry"),
        made("Roll back", "rollback", style="danger"),
        made("Cancel", "cancel", style="danger"),
    ]


def resume_button(
    plan: PlanSummary, role: Role, possible: Mapping[str, Possible], label: str = "Resume…", style: str = "primary"
) -> Button:
    """Of a plan that is paused, or whose breaker has tripped."""
    return _verb_button(plan_url(plan.plan_id), role, possible, label, "resume", style=style)


def more_buttons(plan: PlanSummary, role: Role, possible: Mapping[str, Possible]) -> list[Button]:
    """What is needed seldom."""
    made = partial(_verb_button, plan_url(plan.plan_id), role, possible)
    return [
        made("Move cancelled again…", "retry-cancelled"),
        made("Accept failures…", "accept"),
        made("Exclude tenants…", "exclude"),
        made("Pass freezes…", "override-freeze", Permission.OVERRIDE_FREEZE),
        made("Purge…", "purge", Permission.PURGE, "danger"),
    ]


def gate_buttons(plan: PlanSummary, wave: str, role: Role, possible: Mapping[str, Possible]) -> list[Button]:
    """Of a wave's gate."""
    made = partial(_verb_button, plan_url(plan.plan_id), role, possible)
    return [
        made("Approve", "approve", Permission.APPROVE, "primary", wave=wave),
        made("Reject", "reject", Permission.APPROVE, wave=wave),
    ]


def cause_buttons(
    plan: PlanSummary, kind: str, stage: str, role: Role, possible: Mapping[str, Possible]
) -> list[Button]:
    """Of a cause of failure: only its tasks."""
    made = partial(_verb_button, plan_url(plan.plan_id), role, possible)
    return [
        made("Retry these", "retry", cause=kind, stage=stage),
        made("Accept", "accept", style="plain", cause=kind),
    ]


def _verb_button(
    base: str,
    role: Role,
    possible: Mapping[str, Possible],
    label: str,
    verb: str,
    permission: Permission = Permission.OPERATE,
    style: str = "",
    **narrowed: str,
) -> Button:
    refused = possible[verb].refused if verb in possible else ""
    return button(label, ask_url(base, verb, **narrowed), role, permission, refused, style)


def task_buttons(task: TaskStatus, role: Role, possible: Mapping[str, Possible]) -> Iterator[Button]:
    """Of one tenant's move."""
    made = partial(_verb_button, f"/tenants/{quote(task.tenant_id, safe='')}", role, possible, task=task.task_id)
    yield made("Pause", "pause")
    yield made("Resume", "resume")
    yield made("Retry", "retry")
    yield made("Roll back", "rollback", style="danger")
    yield made("Cancel", "cancel", style="danger")
    yield made("Skip stage…", "skip-stage")
    yield made("Accept failure…", "accept")
    yield made("Release tenant…", "release", Permission.RELEASE, "danger")
