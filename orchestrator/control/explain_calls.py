"""The part of the client that says why something does not move, and what of it a hand has damaged."""

from __future__ import annotations

from orchestrator.control.answers import DamagedTask, Explanation
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.target import asking_about, target_of
from orchestrator.ledger.connection import translate_errors


@judges_kinds()
class ExplainCalls:
    """Explanations; ``Client`` has them."""

    _door: ClientDoor

    def explain(self, **target: str) -> Explanation:
        """Why it is not moving; give one of ``plan_id``, ``tenant_id``, ``task_id``."""
        wanted = target_of(**target)
        with translate_errors(self._door.url):
            return self._door.explains.target(wanted)

    def explain_whole(self, plan_id: str) -> Explanation:
        """Why the plan is not moving. Looks at every task for damage, also of more than 20,000."""
        wanted = target_of(plan_id=plan_id)
        with translate_errors(self._door.url):
            return self._door.explains.target(wanted, whole=True)

    def damaged_tasks(self, plan_id: str) -> list[DamagedTask]:
        """Tasks of a plan under way whose records a hand has damaged. Looks at all its tasks, 500 in a script."""
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.explains.damaged_tasks(plan_id)
