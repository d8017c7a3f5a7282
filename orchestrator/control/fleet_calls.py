"""The part of the client that answers what a fleet waits for."""

from __future__ import annotations

from orchestrator.control.answers import OperationResult
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.target import asking, order_about


@judges_kinds()
class FleetCalls:
    """Answers to a plan's gates; ``Client`` has them."""

    _door: ClientDoor

    def approve(
        self,
        plan_id: str,
        wave: str | None = None,
        *,
        reason: str = "",
        actor: str | None = None,
        request_id: str | None = None,
    ) -> OperationResult:
        """Lets a plan go on behind the wave whose gate it waits for; ``wave`` names it, so that no other is meant."""
        return self._answer_gate(plan_id, wave, (actor, reason, request_id), approves=True)

    def reject(
        self,
        plan_id: str,
        wave: str | None = None,
        *,
        reason: str = "",
        actor: str | None = None,
        request_id: str | None = None,
    ) -> OperationResult:
        """Says no: the plan is paused. Its resume asks the gate again."""
        return self._answer_gate(plan_id, wave, (actor, reason, request_id), approves=False)

    def _answer_gate(
        self, plan_id: str, wave: str | None, who: tuple[str | None, str, str | None], *, approves: bool
    ) -> OperationResult:
        named = {} if wave is None else {"wave": wave}
        with asking(self._door.url, order := order_about({"plan_id": plan_id} | named, *who)):
            return self._door.operates.answer_gate(plan_id, wave or "", order, approves=approves)
