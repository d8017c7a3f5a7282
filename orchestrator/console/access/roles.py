"""Roles, what each may do, and the dependency by which a route says what it asks for.

To add a route: name the one permission that it needs, and take the actor that it gives you.

    @router.post("/plans/{plan_id}/pause")
    def pause(plan_id: str, body: Asked, client: ConsoleClient, actor: MayOperate):
        return client.pause(plan_id=plan_id, reason=body.reason, actor=actor.name)

The door has found out who asks before any route is looked for, so a route without ``needs`` would let every role in:
a test goes through all routes of the application and fails for one that has none. A route that asks for more in some
cases says so in its body: ``actor.require(Permission.OVERRIDE_FREEZE)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from orchestrator.console.access.change_rates import ChangeRates
from orchestrator.console.problems import Refusal
from orchestrator.domain.roles import Role


class Permission(StrEnum):
    """What a route asks for."""

    READ = "read"
    """Everything that changes nothing: plans, tenants, the log, explain, doctor, validate, preview, audit."""
    SUBMIT = "submit"
    OPERATE = "operate"
    """Pause, resume, cancel, retry, roll back, skip a stage, accept failures, exclude tenants."""
    APPROVE = "approve"
    """Approve or reject a wave's gate."""
    OVERRIDE_FREEZE = "override-freeze"
    """Let a plan or a retry pass all freezes."""
    RESEND = "resend"
    """Send dead letters of notifications again."""
    FREEZE = "freeze"
    """Set and lift freezes."""
    RELEASE = "release"
    PURGE = "purge"
    TOKENS = "tokens"
    """Make, list and revoke tokens."""


LEAST: Final[dict[Permission, Role]] = {
    Permission.READ: Role.VIEWER,
    Permission.SUBMIT: Role.OPERATOR,
    Permission.OPERATE: Role.OPERATOR,
    Permission.RESEND: Role.OPERATOR,
    Permission.APPROVE: Role.APPROVER,
    Permission.OVERRIDE_FREEZE: Role.APPROVER,
    Permission.FREEZE: Role.ADMIN,
    Permission.RELEASE: Role.ADMIN,
    Permission.PURGE: Role.ADMIN,
    Permission.TOKENS: Role.ADMIN,
}
"""The one table: the least role that has a permission."""

SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that change nothing; each request by another one is a change of its actor's rate."""

_RANK: Final = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: ``name`` is what the log says, whatever a body says."""

    name: str
    role: Role
    csrf: str = ""
    """What the forms of a page send back, as ``csrf_token`` or the header ``X-CSRF-Token``; "" without a cookie."""

    def may(self, permission: Permission) -> bool:
        """Whether the role has it."""
        return _RANK[self.role] >= _RANK[LEAST[permission]]

    def require(self, permission: Permission) -> None:
        """Raises ``Refusal`` (403) without it."""
        if not self.may(permission):
            message = f"needs the role {LEAST[permission]}; {self.name} is {self.role}"
            raise Refusal(403, "forbidden", "Not allowed for this role", message)


def actor_of(request: Request) -> Actor:
    """Who the door found; raises ``Refusal`` (401) when it let somebody in without asking (a public address)."""
    actor = request.scope.get("actor")
    if not isinstance(actor, Actor):
        raise Refusal(401, "unauthenticated", "Sign in first", "show a token: Authorization: Bearer TOKEN")
    return actor


class PermissionNeeded:
    """The dependency that ``needs`` makes; tests find it in a route's dependencies."""

    def __init__(self, permission: Permission, *, changes: bool = True) -> None:
        """``changes``: whether a method that is not safe (POST, DELETE) changes something here."""
        self.permission, self.changes = permission, changes

    def __call__(self, request: Request) -> Actor:
        """The actor, when it may, and has not changed too much of late."""
        actor = actor_of(request)
        actor.require(self.permission)
        # By the method, not by the permission: a route may ask for more than its dependency in its body.
        if self.changes and request.method not in SAFE:
            rates: ChangeRates = request.app.state.rates
            rates.changes.take(actor.name)
        return actor


def needs(permission: Permission, *, changes: bool = True) -> Any:
    """What makes a parameter of a route the actor, who has the permission; each has a name below."""
    return Depends(PermissionNeeded(permission, changes=changes))


MayRead = Annotated[Actor, needs(Permission.READ)]
MayAsk = Annotated[Actor, needs(Permission.READ, changes=False)]
"""Of a POST that is no change, or has a rate of its own: it takes nothing from the rate of changes."""
MaySubmit = Annotated[Actor, needs(Permission.SUBMIT)]
MayOperate = Annotated[Actor, needs(Permission.OPERATE)]
MayApprove = Annotated[Actor, needs(Permission.APPROVE)]
MayOverrideFreeze = Annotated[Actor, needs(Permission.OVERRIDE_FREEZE)]
MayResend = Annotated[Actor, needs(Permission.RESEND)]
MayFreeze = Annotated[Actor, needs(Permission.FREEZE)]
MayRelease = Annotated[Actor, needs(Permission.RELEASE)]
MayPurge = Annotated[Actor, needs(Permission.PURGE)]
MayKeepTokens = Annotated[Actor, needs(Permission.TOKENS)]
