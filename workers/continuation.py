"""How a message's task goes on after it: by what is left of its chain, or by a chain of its own.

A worker that has run ahead may be done with stages whose links are still in the chain, or be at a task that the message
knew nothing of. Polls go into rounds: one message for all that are due together, whatever chains they came with. The
publish may fail or be lost, as any: the task holds a queued lease, which tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery

from orchestrator.broker.chains import due_time, publish_chain
from orchestrator.broker.messages import shown_arguments
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.ledger.leg_names import NamesOfLegs
from orchestrator.ledger.records import Admitted
from workers.next_link import Drop, FailedStage, Next, PassOn, Proceed, Reschedule, StageFailed
from workers.own_queue import entity_of
from workers.poll_rounds import PollRounds


class Continuation:
    """Does with a message what its runner said."""

    def __init__(
        self,
        app: Celery,
        leg_names: NamesOfLegs,
        lanes: int,
        rounds: PollRounds,
        failed: Callable[[FailedStage], None],
    ) -> None:
        """``leg_names``: the names of all legs of a task; ``failed`` is told of a stage that failed in a round."""
        self._app = app
        self._leg_names = leg_names
        self._lanes = lanes
        self._rounds = rounds
        self._failed = failed

    def after(self, message: Any, following: Next) -> None:
        """``message``: the bound Celery task of the message. Raises Celery's ``Retry`` for another turn of its task
        that is for a slot, ``StageFailed`` when it has failed."""
        match following:
            case Proceed(task):
                if _cut_before(message.request, task.stage, task):
                    return
            case Reschedule(task, due_ms, stage_name, queue, after_seconds):
                if not after_seconds and _is_of(message.request.args, task):
                    _cut_before(message.request, task.stage + 1, task)
                    # The same message once more, with what is left of the chain on it.
                    raise message.retry(
                        args=(task.task_id, task.epoch, task.stage, task.turn),
                        eta=due_time(due_ms),
                        queue=self._queue(task, queue),
                        argsrepr=shown_arguments(task.tenant_id, task.mode, stage_name, task.turn),
                    )
            case PassOn(queue):
                raise message.retry(countdown=0, queue=entity_of(queue), argsrepr=message.request.argsrepr)
        message.request.chain = None
        if isinstance(following, Drop) and following.failed:
            # Recorded; only for whoever looks at Celery. It may be of a task that the worker went on with.
            raise StageFailed(following.failed.why)
        self.go_on(following)

    def go_on(self, following: Next) -> None:
        """The same of a turn that has no message of its own; to pass one on is its owner's."""
        match following:
            case Proceed(task):
                self._publish(task)
            case Reschedule(task, due_ms, stage_name, queue, after_seconds):
                if after_seconds:
                    self._rounds.add(task, due_ms, after_seconds, stage_name)
                else:
                    self._publish(task, due_ms, queue)
            case Drop(failed) if failed is not None:
                self._failed(failed)

    def _publish(self, task: Admitted, due_ms: int | None = None, queue: str = "") -> None:
        publish_chain(self._app, task, self._leg_names(task), self._lanes, due_ms, queue=self._queue(task, queue))

    def _queue(self, task: Admitted, queue: str) -> Any:
        # Said of the lane too: a message that came by a worker's own queue would stay in that.
        return entity_of(queue) if queue else lane_name(lane_of(task.tenant_id, self._lanes))


def _is_of(arguments: Sequence[Any], task: Admitted) -> bool:
    """Whether these are the arguments of a turn of the task."""
    return tuple(arguments[:2]) == (task.task_id, task.epoch)


def _cut_before(request: Any, stage: int, task: Admitted) -> bool:
    """Takes the links of stages that are done from the chain; whether the next one is now that of ``stage``.

    Undocumented, but what the maintainers advise: the tracer reads the chain (its next link last) again after the body.
    """
    links = request.chain or []
    while links and _is_of(links[-1]["args"], task) and links[-1]["args"][2] < stage:
        links.pop()
    if links and _is_of(links[-1]["args"], task) and links[-1]["args"][2] == stage:
        return True
    request.chain = None
    return False
