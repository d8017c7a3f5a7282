"""What an operation is for, and who asks for it."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.ledger.operations import Order, draw_request_id

TargetType = Literal["plan", "tenant", "task"]


@dataclass(frozen=True, slots=True)
class OperationTarget:
    """What an operation is for."""

    type: TargetType
    identifier: str


def target_of(
    *, plan_id: str | None = None, tenant_id: str | None = None, task_id: str | None = None
) -> OperationTarget:
    """The one that is given. Raises ``InvalidInput`` for none or several."""
    pairs: list[tuple[TargetType, str | None]] = [("plan", plan_id), ("tenant", tenant_id), ("task", task_id)]
    given = [OperationTarget(kind, identifier) for kind, identifier in pairs if identifier is not None]
    if len(given) != 1:
        raise InvalidInput([Problem("", None, "give exactly one of plan, tenant and task")])
    return given[0]


def plan_of_target(target: OperationTarget) -> str:
    """The id of a plan that is narrowed. Raises ``InvalidInput`` for a target that is one task."""
    if target.type != "plan":
        raise InvalidInput([Problem("", None, "--stage and --cause narrow a whole plan: give --plan")])
    return target.identifier


def default_actor() -> str:
    """Who asks, unless said otherwise: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container often runs under a number that has no name.
        user = f"uid-{os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def order_of(
    actor: str | None, reason: str, request_id: str | None, *, from_scratch: bool = False, force: bool = False
) -> Order:
    """Who asks, why and how; without a request id of the caller's own, a new request."""
    return Order(actor or default_actor(), reason, from_scratch, force, request_id or draw_request_id())
