"""The process that admits tasks and turns them into chains. Any number may run: all are active, none is leader.

Authority lies in the ledger's scripts: two coordinators that look at the same plan at once admit each task once. What
a coordinator knows is only what it read a moment ago, so it may be killed anywhere: an admitted task that was not
published is found by its lease, a plan whose turn was not finished has another.

A coordinator works on threads that cannot hold each other up:

- this one gives plans their turns: one bounded batch each, the plan that has waited longest first, however large the
  others are. Only plans that may be able to move stand in the ledger's ``ready``; a slow walk over all active ones
  makes up for whatever was forgotten;
- the publisher sends chains to the broker;
- the sweeper ticks and answers what is overdue;
- the asker has tenants looked at whose wave soaks, and gates asked;
- upkeep repairs and clears away.

Whatever goes wrong for one plan, wake or message is passed by (``guard``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from orchestrator.background.loop import TOO_OLD_SECONDS
from orchestrator.background.news import News
from orchestrator.broker.backlog import Backlog
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.asker import Asker
from orchestrator.coordinator.checkpoint_cleaner import CheckpointCleaner
from orchestrator.coordinator.copies import Copies
from orchestrator.coordinator.freeze_keeper import FreezeKeeper
from orchestrator.coordinator.guard import FaultGuard
from orchestrator.coordinator.publisher import Publisher
from orchestrator.coordinator.reconciler import Reconciler
from orchestrator.coordinator.sweeper import Sweeper, SweeperThread
from orchestrator.coordinator.upkeep import Upkeep
from orchestrator.domain.errors import TooOld
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.freezes import Freezes
from orchestrator.ledger.inbox import LEFT_SECONDS, Inbox, Wakes
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.leg_names import LegNames
from orchestrator.ledger.operations import Operations
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import is_damaged_key, state_words
from orchestrator.observability import crash_points
from orchestrator.settings.model import Settings

ADMIT_LIMIT: Final = 50
"""Tasks looked at in one script: keeps each call short, whatever the plan's size."""

CHUNK: Final = 20
"""Tasks resumed, cancelled, asked to roll back or retried in one script: some milliseconds of Redis' time."""

TURNS: Final = 10
"""Plans that a coordinator takes at once."""

ROOM_SECONDS: Final = 0.2
"""How long admission waits for the publisher before plans get turns in which nothing is admitted."""

WALKED: Final = 20
"""Active plans looked at in one step of the slow walk."""

_log = structlog.get_logger(__name__)


class Coordinator:
    """Turns and wakes on the caller's thread, the rest on its own."""

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
        self._ledger = ledger
        self._reader = reader
        self._inbox = inbox
        # Well within a lease: a gap between two ticks that is longer than one counts as an outage.
        self._sweep_seconds = min(settings.sweep_seconds, settings.lease_seconds / 4)
        self._clock = clock
        self._operations = Operations(ledger)
        self._guard = FaultGuard(clock)
        copies = Copies(ledger, Backlog(dispatcher.depths))
        self.publisher = Publisher(dispatcher, reader, LegNames(reader).of_all, copies)
        takes = self.publisher
        sweeper = Sweeper(ledger, takes.put, takes.put_doubted, room=takes.room, doubted_room=takes.doubted_room)
        self._sweeper = SweeperThread(sweeper, self._sweep_seconds)
        self._asker = Asker(ledger, reader, dispatcher, self._sweep_seconds)
        keeper = FreezeKeeper(Freezes(ledger), clock)
        self._upkeep = Upkeep(Reconciler(ledger, reader.plan_ids), keeper, cleaner, self._sweep_seconds)
        self._stop = threading.Event()
        self._next_look = self._clock()
        self._next_tidy = self._clock() + LEFT_SECONDS
        self._to_walk: list[str] = []
        self._news = News(clock)

    def stop(self) -> None:
        """Ends ``run`` after what it is doing; may be called from another thread, before it, and twice."""
        self._stop.set()

    def run(self) -> None:
        """Works until ``stop``. Rides out a Redis or broker that is away."""
        threads = (self.publisher, self._sweeper, self._asker, self._upkeep)
        for thread in threads:
            thread.start()
        try:
            self._run()
        finally:
            for thread in reversed(threads):
                thread.stop()

    def _run(self) -> None:
        pause_seconds, has_turns = 0.1, False
        while not self._stop.is_set():
            try:
                has_turns = self.round(0.001 if has_turns else min(self._sweep_seconds, 1.0))
                pause_seconds = 0.1
            except TooOld as error:
                _log.error(str(error), action="too-old")
                self._stop.wait(TOO_OLD_SECONDS)
            except UNREACHABLE as error:
                # Of a key that all go by and a hand has damaged, which lasts until somebody comes, once is enough.
                if not is_damaged_key(error) or self._news.is_new("the ledger", str(error)):
                    _log.warning(
                        state_words(error), action="coordinator-waits", error=str(error), seconds=pause_seconds
                    )
                self._stop.wait(pause_seconds)
                pause_seconds = min(pause_seconds * 2, 2.0)

    def round(self, patience_seconds: float) -> bool:
        """Waits for a wake so long at most, gives some plans their turns, and looks around when that is due.

        True when there were turns to give, so that there may be more.
        """
        self._guard.run("the inbox", lambda: self._act(self._inbox.read(patience_seconds)))
        # A broker that is slower than the admission is waited for, a little.
        self.publisher.wait_for_room(ROOM_SECONDS)
        has_turns = self._give_turns()
        if self._clock() >= self._next_look:
            self._look()
        return has_turns

    def _act(self, wakes: Wakes) -> None:
        for task_id in wakes.tasks:
            self._guard.run(task_id, lambda: self._dispatch(task_id))  # noqa: B023 - run at once
        self._inbox.done(wakes)

    def _dispatch(self, task_id: str) -> None:
        admitted = self._reader.dispatchable(task_id)
        if admitted is not None:
            self.publisher.put([admitted])

    def _give_turns(self) -> bool:
        plan_ids: list[str] = []
        self._guard.run("the plans that are ready", lambda: plan_ids.extend(self._ledger.take_turns(TURNS)))
        self._serve_each(plan_ids)
        return bool(plan_ids)

    def _serve_each(self, plan_ids: Sequence[str]) -> None:
        for plan_id in plan_ids:
            if not self._stop.is_set():
                self._guard.run(plan_id, lambda: self.serve(plan_id))  # noqa: B023 - run at once

    def serve(self, plan_id: str) -> None:
        """One turn: goes on with what was asked of the whole plan, fills free slots, hands over what was admitted."""
        admission = self._ledger.admit(plan_id, min(ADMIT_LIMIT, self.publisher.room()))
        if admission.is_gone:
            self._lose(plan_id)
        if admission.tasks:
            crash_points.reached(crash_points.AFTER_ADMISSION)
            self.publisher.put(admission.tasks)
        if admission.has_chunks:
            self._operations.resume_chunk(plan_id, CHUNK)
            self._operations.cancel_chunk(plan_id, CHUNK)
            self._operations.rollback_chunk(plan_id, CHUNK)
            self._operations.retry_chunk(plan_id, CHUNK)
            self._operations.wave_rollback_chunk(plan_id, CHUNK)

    def _lose(self, plan_id: str) -> None:
        """Takes a plan without a record out of the active ones, with all that its tasks held."""
        position, freed = 0, list[str]()
        while position >= 0 and not self._stop.is_set():
            position, tenants = self._ledger.lose_plan(plan_id, position, CHUNK)
            freed += tenants
        _log.error("the plan's record is gone", action="plan-lost", planId=plan_id, tenantsFreed=freed[:100])

    def _look(self) -> None:
        self._next_look = self._clock() + self._sweep_seconds
        if not self._to_walk:
            self._guard.run("the active plans", lambda: self._to_walk.extend(self._reader.active_plans()))
        step, self._to_walk = self._to_walk[:WALKED], self._to_walk[WALKED:]
        self._serve_each(step)
        if self._clock() >= self._next_tidy:
            self._next_tidy = self._clock() + LEFT_SECONDS
            self._guard.run("the inbox's leftovers", lambda: self._act(self._inbox.tidy()))
