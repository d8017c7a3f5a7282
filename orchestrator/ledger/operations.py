"""What a person can ask for, as verbs: each changes the state in the call itself, or says plainly why not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.ledger.ledger import Ledger


class Operation(StrEnum):
    """The five operations."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    ROLLBACK = "rollback"


class Taken(StrEnum):
    """How an operation was taken."""

    ACCEPTED = "ACCEPTED"
    """Done, or asked for and acted on at the next boundary."""
    NOOP = "NOOP"
    """Already so; nothing was changed and no event written."""
    REFUSED = "REFUSED"
    """The state does not allow it."""
    MISSING = "MISSING"
    """No such plan or task."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, the target's state after it, a stable word for why, and what it is about (a task, a count)."""

    answer: Taken
    status: str = ""
    why: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks, and why; both go into the event."""

    actor: str
    reason: str = ""
    from_scratch: bool = False
    force: bool = False


class Operations:
    """The scripts behind the operations, on one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def on_task(self, operation: Operation, task_id: str, order: Order) -> Reply:
        """Asks it of one task."""
        return self._ask(f"{operation}_task", operation, task_id, order)

    def on_plan(self, operation: Operation, plan_id: str, order: Order) -> Reply:
        """Asks it of a whole plan, in O(1). A plan's retry is not one script: see ``plan_orchestrator``."""
        return self._ask(f"{operation}_plan", operation, plan_id, order)

    def release_tenant(self, tenant_id: str, order: Order) -> Reply:
        """Takes the tenant from its holder, which fails."""
        code, *rest = self._ledger.call("release_tenant", tenant_id, order.actor, order.reason, int(order.force))
        return Reply(Taken(code), *(str(part) for part in rest))

    def cancel_chunk(self, plan_id: str, limit: int) -> bool:
        """Cancels the next waiting tasks of a cancelled plan; True when there may be more."""
        return bool(self._ledger.call("cancel_chunk", plan_id, limit)[0] == "MORE")

    def rollback_chunk(self, plan_id: str, limit: int) -> bool:
        """Asks for the next tasks' rollback of a plan that goes back; True when there may be more."""
        return bool(self._ledger.call("rollback_chunk", plan_id, limit)[0] == "MORE")

    def _ask(self, verb: str, operation: Operation, target_id: str, order: Order) -> Reply:
        options: list[int] = []
        if operation is Operation.RETRY:
            options = [int(order.from_scratch), int(order.force)]
        elif operation is Operation.ROLLBACK:
            options = [int(order.force)]
        code, *rest = self._ledger.call(verb, target_id, order.actor, order.reason, *options)
        return Reply(Taken(code), *(str(part) for part in rest))
