"""A client behind whose door is nobody: what its calls refuse before they ask anybody, and what they are given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from orchestrator.client import Client
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.page_answers import ValidationResult
from orchestrator.control.target import OperationTarget
from orchestrator.ledger.operations import Operation

LONG = "r" * 1001
UNSEEN = ("", " ", LONG, "a\x1b[2J", "\u202ea*", "a\u200b*", "a\ud800")
GIVEN = {
    "plan_id": "p", "tenant_id": "t", "task_id": "p.0", "freeze_id": "f", "name": "n", "role": "viewer", "plan": {},
    "reason": "r", "tenants": "eu-*", "before": datetime(2026, 1, 1, tzinfo=UTC), "narrowing": Narrowing(),
    "operation": Operation.PAUSE, "target": OperationTarget("plan", "p"),
}  # fmt: skip


class LooksAtPlans:
    """Finds nothing wrong with a plan, and takes none."""

    def check(self, plan: object, *, show: bool) -> tuple[ValidationResult, Iterator[dict[str, Any]]]:
        return ValidationResult(valid=True), iter(())


class ClosedDoor:
    """Whoever goes through it has written something, or may have."""

    url = "redis://nowhere"
    submits = LooksAtPlans()

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"went through the door, to {name}")


def client_at_a_closed_door() -> Client:
    door: Any = ClosedDoor()
    return Client(door=door)
