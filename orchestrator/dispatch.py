"""The one door to Celery in the control plane: turns an admitted task into a chain of stage messages.

A chain exists only for a task that holds its tenant, and carries its epoch: a message whose epoch is no longer the
holder's is dropped by whoever receives it. The publish may be lost or doubled; the ledger's lease and turn tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from celery import Celery, chain
from celery.exceptions import OperationalError

from orchestrator.domain.errors import Unreachable
from orchestrator.domain.status import TaskState
from orchestrator.lanes import lane_of
from orchestrator.ledger.ledger import Admitted
from orchestrator.settings import Settings

RUN_STAGE = "changeover.run_stage"
"""The wire name of the stage task. Its arguments are task id, epoch, stage and turn, and nothing else."""

# Short: a coordinator has more to do than wait for a broker, and the tasks' leases say what was not published.
_RETRY_POLICY: Final = {"max_retries": 3, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5}


def make_app() -> Celery:
    """A Celery application configured by ``celeryconfig``; coordinator, workers and Flower all use this one."""
    # Imported here, since it reads the servers from the environment; given as a module, since Celery would look for a
    # name in the current folder first, where a user may have a celeryconfig of their own.
    import celeryconfig

    app = Celery("changeover")
    app.config_from_object(celeryconfig)
    return app


def shown_arguments(tenant_id: str, mode: TaskState, stage_name: str, turn: int) -> str:
    """What Flower shows as the row's arguments; ids stay in the message, metric labels stay few."""
    verb = "roll back " if mode is TaskState.ROLLING_BACK else ""
    return f"tenant={tenant_id} stage={verb}{stage_name} turn={turn}"


class Dispatcher:
    """Publishes chains over pooled, reused connections."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_app()
        self._lanes = settings.lanes

    def publish(self, tasks: Sequence[Admitted], leg_names: Sequence[Sequence[str]]) -> None:
        """One chain a task, from its current leg and turn to its last leg; ``leg_names`` names all legs of each.

        Raises ``Unreachable`` when the broker cannot be reached; some may have been published then.
        """
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                for task, names in zip(tasks, leg_names, strict=True):
                    self._chain(task, names).apply_async(producer=producer, retry_policy=_RETRY_POLICY)
        except OperationalError as error:
            raise Unreachable(f"the broker does not answer ({error})") from error

    def _chain(self, task: Admitted, names: Sequence[str]) -> Any:
        lane = lane_of(task.tenant_id, self._lanes)
        links = []
        for leg in range(task.stage, task.legs):
            turn = task.turn if leg == task.stage else 0
            link = self._app.signature(RUN_STAGE, args=(task.task_id, task.epoch, leg, turn), immutable=True)
            shown = shown_arguments(task.tenant_id, task.mode, names[leg], turn)
            links.append(link.set(headers={"lane": lane}, argsrepr=shown))
        return chain(*links) if len(links) > 1 else links[0]

    def close(self) -> None:
        """Gives back the connections; may be called twice."""
        self._app.close()
