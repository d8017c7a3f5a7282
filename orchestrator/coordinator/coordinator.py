"""The process that admits tasks and turns them into chains. Any number may run: all are active, none is leader.

Authority lies in the ledger's scripts: two coordinators that look at the same plan at once admit each task once. What
a coordinator knows is only what it read a moment ago, so it may be killed anywhere: an admitted task that was not
published is found by its lease, a wake that was not acted on by the sweep of active plans.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import structlog

from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.coordinator.sweeper import Sweeper
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.status import TaskState
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.inbox import LEFT_SECONDS, Inbox, Wakes
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted
from orchestrator.observability import crash_points
from orchestrator.settings.model import Settings

ADMIT_LIMIT: Final = 50
"""Tasks looked at in one script: keeps each call short, whatever the plan's size."""


CHUNK: Final = 100
"""Tasks cancelled, or asked to roll back, in one script."""


_log = structlog.get_logger(__name__)


class Coordinator:
    """One loop: wakes from the inbox, and every ``sweep_seconds`` a look at all active plans."""

    def __init__(
        self,
        ledger: Ledger,
        reader: Reader,
        inbox: Inbox,
        dispatcher: Dispatcher,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        cleaner: CheckpointCleaner | None = None,
    ) -> None:
        self._cleaner = cleaner
        self._ledger = ledger
        self._reader = reader
        self._inbox = inbox
        self._dispatcher = dispatcher
        # Well within a lease: a gap between two signs of life that is longer than one counts as an outage.
        self._sweep_seconds = min(settings.sweep_seconds, settings.lease_seconds / 4)
        self._clock = clock
        self._sweeper = Sweeper(ledger, self._publish)
        self._reconciler = Reconciler(ledger, reader.plan_ids)
        self._operations = Operations(ledger)
        self._stop = threading.Event()
        self._next_sweep = self._next_look = self._clock()
        self._next_tidy = self._clock() + LEFT_SECONDS
        self._leg_names = lru_cache(maxsize=1000)(self._read_leg_names)

    def stop(self) -> None:
        """Ends ``run`` after what it is doing; may be called from a signal handler, and twice."""
        self._stop.set()

    def run(self) -> None:
        """Works until ``stop``. Rides out a Redis or broker that is away."""
        pause_seconds = 0.1
        while not self._stop.is_set():
            try:
                wakes = self._inbox.read(min(self._sweep_seconds, 1.0))
                self._sweep_if_due()
                self._act(wakes)
                if self._clock() >= self._next_look:
                    self._look()
                pause_seconds = 0.1
            except UNREACHABLE as error:
                _log.warning("Redis is away", action="coordinator-waits", error=str(error), seconds=pause_seconds)
                self._stop.wait(pause_seconds)
                pause_seconds = min(pause_seconds * 2, 2.0)
                # The first thing after an outage: the grace is set before anything is swept or admitted.
                self._next_sweep = self._next_look = self._clock()
            except Exception:  # noqa: BLE001 - one plan's fault must not stop all others, here and in the next coordinator
                _log.exception("went on after a fault", action="coordinator-fault", seconds=pause_seconds)
                self._stop.wait(pause_seconds)
                pause_seconds = min(pause_seconds * 2, 2.0)

    def _act(self, wakes: Wakes) -> None:
        for plan_id in wakes.plans:
            self.serve(plan_id)
        for task_id in wakes.tasks:
            admitted = self._reader.dispatchable(task_id)
            if admitted is not None:
                self._publish([admitted])
        self._inbox.done(wakes)

    def serve(self, plan_id: str) -> None:
        """Goes on with the plan's cancel or rollback, fills its free slots and publishes what was admitted."""
        more = True
        while more and not self._stop.is_set():
            admission = self._ledger.admit(plan_id, ADMIT_LIMIT)
            if admission.tasks:
                crash_points.reached(crash_points.AFTER_ADMISSION)
                self._publish(admission.tasks)
            more = admission.more
            if admission.has_chunks:
                self._operations.cancel_chunk(plan_id, CHUNK)
                self._operations.rollback_chunk(plan_id, CHUNK)
                more = True
            # A large plan is published for longer than a lease: what is overdue elsewhere does not wait for that.
            self._sweep_if_due()

    def sweep(self) -> None:
        """Answers what is overdue and looks at every active plan: makes up for whatever was lost."""
        self._sweep_overdue()
        self._look()

    def _look(self) -> None:
        self._next_look = self._clock() + self._sweep_seconds
        for plan_id in self._reader.active_plans():
            self.serve(plan_id)
        self._reconciler.step()
        if self._clock() >= self._next_tidy:
            self._next_tidy = self._clock() + LEFT_SECONDS
            self._act(self._inbox.tidy())
        if self._cleaner is not None:
            self._cleaner.step()

    def _sweep_if_due(self) -> None:
        if self._clock() >= self._next_sweep:
            self._sweep_overdue()

    def _sweep_overdue(self) -> None:
        # Set first: the sweep publishes, and may be long.
        self._next_sweep = self._clock() + self._sweep_seconds
        self._sweeper.sweep()

    def _publish(self, tasks: Sequence[Admitted]) -> None:
        names = [self._names_of(task) for task in tasks]
        try:
            self._dispatcher.publish(tasks, names)
        except Unreachable as error:
            # The tasks hold queued leases: they are published again when these run out.
            _log.warning("broker is away", action="publish-failed", tasks=len(tasks), error=str(error))
            return
        for task in tasks:
            known = {"planId": plan_of(task.task_id), "taskId": task.task_id, "tenantId": task.tenant_id}
            _log.info("dispatched", action="dispatch", **known, epoch=task.epoch)

    def _names_of(self, task: Admitted) -> tuple[str, ...]:
        plan_id = plan_of(task.task_id)
        return self._leg_names(plan_id, task.mode is TaskState.ROLLING_BACK, task.legs)

    def _read_leg_names(self, plan_id: str, is_rollback: bool, legs: int) -> tuple[str, ...]:
        names, order = self._reader.stage_names(plan_id)
        touched = names[:legs]
        return tuple(reversed(touched)) if is_rollback and order != "forward" else tuple(touched)
