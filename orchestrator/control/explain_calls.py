"""The part of the client that says why something does not move, and what of it a hand has damaged."""

from __future__ import annotations

from orchestrator.control.answers import DamagedTask, Explanation
from orchestrator.control.call_kinds import judges_kinds
from orchestrator.control.door import ClientDoor
from orchestrator.control.target import asking_about, explained_target
from orchestrator.ledger.connection import translate_errors


@judges_kinds()
class ExplainCalls:
    """Explanations; ``Client`` has them."""

    _door: ClientDoor

    def explain(self, *, whole: bool = False, **target: str) -> Explanation:
        """Why it is not moving; give one of ``plan_id``, ``tenant_id``, ``task_id``. ``whole``: looks at every task of
        the plan for damage, also of more than 20,000."""
        wanted = explained_target(whole, **target)
        with translate_errors(self._door.url):
            return self._door.explains.target(wanted, whole=whole)

    def damaged_tasks(self, plan_id: str) -> list[DamagedTask]:
        """Tasks of a plan under way whose records a hand has damaged. Looks at all its tasks, 500 in a script."""
        with asking_about(self._door.url, plan_id=plan_id):
            return self._door.explains.damaged_tasks(plan_id)
