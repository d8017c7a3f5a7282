"""The one door to Celery in the control plane: turns an admitted task into a chain of stage messages.

A chain exists only for a task that holds its tenant, and carries its epoch: a message whose epoch is no longer the
holder's is dropped by whoever receives it. The publish may be lost or doubled; the ledger's lease and turn tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestrator.broker.app import make_app
from orchestrator.broker.backlog import LaneDepth
from orchestrator.broker.bounds import answer_within, broker_errors
from orchestrator.broker.chains import publish_chain
from orchestrator.broker.lane_depths import lane_depths
from orchestrator.broker.lane_keys import gathering
from orchestrator.broker.messages import ASK_GATE, LOOK
from orchestrator.broker.refused import refused
from orchestrator.domain import formats
from orchestrator.domain.lanes import lane_name, lane_names, lane_of
from orchestrator.ledger.awaited import GateQuestion, Look
from orchestrator.ledger.records import Admitted
from orchestrator.settings.model import Settings

# Once more, over a new connection: the one in hand may have been cut while it was idle (to lanes in Redis ``gathering``
# does so itself). Who publishes decides when to come back, and the tasks' leases say what was not published.
_RETRY_POLICY: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}

_ANSWER_SECONDS: Final = 1.0
"""The longest that a broker may take for one answer; a fifth of a lease when that is less."""


class Dispatcher:
    """Publishes chains over pooled, reused connections."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_app(settings)
        answer_within(self._app, min(_ANSWER_SECONDS, settings.lease_seconds / 5))
        self._lanes = settings.lanes
        self._depths = lane_depths(self._app, settings)

    def publish(self, tasks: Sequence[Admitted], leg_names: Sequence[Sequence[str]]) -> None:
        """One chain a task, from its current leg and turn to its last leg; ``leg_names`` names all legs of each.

        Raises ``Unreachable`` when the broker cannot be reached; some may have been published then.
        """
        try:
            with self._app.producer_pool.acquire(block=True) as producer, gathering():
                options = {"producer": producer, "retry_policy": _RETRY_POLICY}
                for task, names in zip(tasks, leg_names, strict=True):
                    publish_chain(self._app, task, names, self._lanes, **options)
        except broker_errors(self._app) as error:
            raise refused(self._app, error) from error

    def look(self, looks: Sequence[Look]) -> None:
        """One message a look, to the tenant's lane; raises as ``publish`` does."""
        for one in looks:
            self._send(LOOK, (one.task_id, one.number), one.tenant_id, f"tenant={one.tenant_id} look={one.number}")

    def ask(self, question: GateQuestion) -> None:
        """The same of a question to a gate; the plan's id says to which lane."""
        arguments = (question.plan_id, question.wave, question.number)
        self._send(ASK_GATE, arguments, question.plan_id, f"plan={question.plan_id} gate={question.number}")

    def _send(self, name: str, arguments: Sequence[str | int], of: str, shown: str) -> None:
        lane = lane_of(of, self._lanes)
        headers = {"lane": lane, "format": formats.MESSAGE}
        try:
            self._app.send_task(
                name,
                args=tuple(arguments),
                queue=lane_name(lane),
                headers=headers,
                argsrepr=shown,
                retry_policy=_RETRY_POLICY,
            )
        except broker_errors(self._app) as error:
            raise refused(self._app, error) from error

    def depths(self) -> list[LaneDepth]:
        """What the broker says of each lane. Raises ``Unreachable`` when it cannot be reached."""
        return self._depths.read()

    def waiting(self) -> dict[str, int]:
        """Messages that wait in each lane, by its name. Raises ``Unreachable`` when the broker cannot be reached."""
        return {name: depth.waiting for name, depth in zip(lane_names(self._lanes), self.depths(), strict=True)}

    def close(self) -> None:
        """Gives back the connections; may be called twice."""
        self._app.close()
