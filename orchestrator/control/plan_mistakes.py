"""What is wrong with a call about a plan, together with what is wrong with the plan."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.control.door import ClientDoor, PlanSource
from orchestrator.control.mistakes import Mistakes
from orchestrator.domain.errors import InvalidInput
from orchestrator.ledger.connection import translate_errors


def check_with_plan(door: ClientDoor, plan: PlanSource, *checks: Callable[[], object]) -> None:
    """Raises ``InvalidInput`` with what the checks of a call refuse and, where they refuse some, which costs one look
    more, with the plan's own mistakes."""
    mistakes = Mistakes()
    for check in checks:
        with mistakes:
            check()
    if mistakes:
        with mistakes, translate_errors(door.url):
            found, _ = door.submits.check(plan, show=False)
            if found.errors:
                raise InvalidInput(list(found.errors))
    mistakes.tell()
