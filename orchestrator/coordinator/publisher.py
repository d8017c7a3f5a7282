"""Publishes what was admitted, on a thread of its own: a broker that hangs stops nothing but publishing.

The ledger does not need it: every task that waits here holds a queued lease, and is published again when that runs
out. So what waits is bounded and is lost with the process; who waited for long is looked up again, as the task may have
been stopped or started elsewhere since.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.broker.dispatcher import Dispatcher
from orchestrator.coordinator.copies import Copies, Doubted
from orchestrator.domain.errors import Unreachable
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Admitted
from orchestrator.ledger.refusals import BROKER, state_words

ROOM: Final = 200
"""Tasks that may wait here; further ones are told to wait for their leases."""

DOUBTED_ROOM: Final = 1000
"""Beside them: tasks whose messages may be lost. All of a broker that lost everything are back within some leases."""

BATCH: Final = 20
FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 5.0
"""How long nothing is published after a failure: doubling from the first to the longest, then one task is tried."""

STALE_SECONDS: Final = 2.0
"""A task that waited for longer is looked up again."""

DRAIN_SECONDS: Final = 2.0
"""How long a clean stop waits for the rest."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Unsent:
    """A task, since when it waits here, and what is doubted of it, if its message may be there already."""

    task: Admitted
    since: float
    doubted: Doubted | None = None


class Publisher:
    """Started and stopped as ``background.loop`` says; ``put`` and ``room`` may be called from any thread."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        reader: Reader,
        leg_names: Callable[[Sequence[Admitted]], Sequence[Sequence[str]]],
        copies: Copies,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``leg_names``: the names of all legs of each task."""
        self._dispatcher = dispatcher
        self._reader = reader
        self._leg_names = leg_names
        self._copies = copies
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: dict[str, _Unsent] = {}
        self._doubted: dict[str, _Unsent] = {}
        self._pause_seconds = 0.0
        self.resumes_at = 0.0
        """When the broker is asked again, by the clock."""
        self._loop = BackgroundLoop("publisher", 0.0, self.round)

    def start(self) -> None:
        """Publishes from now on."""
        self._loop.start()

    def stop(self) -> None:
        """Ends, once what waits is published or the broker does not take it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._has_waiting() or self._pause_seconds > 0, DRAIN_SECONDS)
        self._loop.stop()

    def put(self, tasks: Sequence[Admitted]) -> None:
        """Takes the tasks, as far as there is room; of one task the last word counts."""
        with self._changed:
            for task in tasks:
                if task.task_id in self._waiting or len(self._waiting) < ROOM:
                    self._waiting[task.task_id] = _Unsent(task, self._clock())
                    self._doubted.pop(task.task_id, None)
            self._changed.notify_all()

    def put_doubted(self, doubted: Sequence[Doubted]) -> None:
        """Takes tasks whose messages may be lost, as far as there is room; published when the broker has them not."""
        with self._changed:
            for one in doubted:
                is_new = one.task.task_id not in self._waiting and one.task.task_id not in self._doubted
                if is_new and len(self._doubted) < DOUBTED_ROOM:
                    self._doubted[one.task.task_id] = _Unsent(one.task, self._clock(), one)
            self._changed.notify_all()

    def doubted_room(self) -> int:
        """How many more tasks whose messages may be lost it would take."""
        with self._changed:
            return DOUBTED_ROOM - len(self._doubted)

    def room(self) -> int:
        """How many more tasks it would take."""
        with self._changed:
            return ROOM - len(self._waiting)

    def _has_waiting(self) -> bool:
        return bool(self._waiting or self._doubted)

    def wait_for_room(self, seconds: float) -> None:
        """Returns when it would take one more task, or after so long."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < ROOM, seconds)

    def round(self) -> None:
        """Waits for tasks and publishes a batch; after a failure one task, when its time has come."""
        with self._changed:
            left = self.resumes_at - self._clock()
            if not self._changed.wait_for(self._has_waiting, 0.2):
                return
            if left > 0:
                self._changed.wait(min(left, 0.2))
                return
            batch = [*islice(self._waiting.values(), BATCH), *islice(self._doubted.values(), BATCH)]
            del batch[1 if self._pause_seconds else len(batch) :]
        try:
            self._publish(batch)
        except (Unreachable, *UNREACHABLE) as error:
            self._pause_seconds = min(max(self._pause_seconds * 2, FIRST_SECONDS), LONGEST_SECONDS)
            self.resumes_at = self._clock() + self._pause_seconds
            _log.warning(
                state_words(error, BROKER),
                action="publish-failed",
                waiting=len(self._waiting) + len(self._doubted),
                error=str(error),
                seconds=self._pause_seconds,
            )
        else:
            self._pause_seconds = 0.0
        with self._changed:
            self._changed.notify_all()

    def _publish(self, batch: Sequence[_Unsent]) -> None:
        certain = [one for one in batch if one.doubted is None]
        due = [task for one in certain if (task := self._still_due(one))]
        due += self._lost([one.doubted for one in batch if one.doubted is not None])
        try:
            self._dispatcher.publish(due, self._leg_names(due))
        except (Unreachable, *UNREACHABLE):
            raise
        except Exception:  # noqa: BLE001 - one task's fault: the others are published, its lease tells of it
            for task in due:
                self._publish_alone(task)
        for task in due:
            known = {"planId": plan_of(task.task_id), "taskId": task.task_id, "tenantId": task.tenant_id}
            _log.info("dispatched", action="dispatch", **known, epoch=task.epoch)
        with self._changed:
            for one in batch:
                # Unless it was put again meanwhile.
                rooms = self._waiting if one.doubted is None else self._doubted
                if rooms.get(one.task.task_id) is one:
                    del rooms[one.task.task_id]

    def _publish_alone(self, task: Admitted) -> None:
        try:
            self._dispatcher.publish([task], self._leg_names([task]))
        except (Unreachable, *UNREACHABLE):
            raise
        except Exception:  # noqa: BLE001 - see above
            _log.exception("passed by after a fault", action="passed-by", what=task.task_id)

    def _lost(self, doubted: Sequence[Doubted]) -> list[Admitted]:
        try:
            return self._copies.lost(doubted)
        except (Unreachable, *UNREACHABLE):
            raise
        except Exception:  # noqa: BLE001 - they are doubted again when their leases run out again
            _log.exception("passed by after a fault", action="passed-by", what="copies")
            return []

    def _still_due(self, one: _Unsent) -> Admitted | None:
        """The task, as it is now if it waited for long; None when no message is due any more."""
        is_fresh = self._clock() - one.since < STALE_SECONDS
        return one.task if is_fresh else self._reader.dispatchable(one.task.task_id)
