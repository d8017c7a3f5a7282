"""Runs the turns of poll rounds beside the worker's slots, on threads of their own.

A round's message gives its slot back at once: what polls keeps nobody from a slot, and what runs in slots, no poll. The
ledger is asked for many turns in one round trip, at their begin and at their end; each is judged for itself. One that
is done polling leaves the rest of its task to a message, for a slot.

What waits here is in the ledger a queued lease, kept while the process lives (``Ledger.hold``); what runs, a running
one. A killed process' turns come back by these. One that stops publishes at once what has not begun.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, Protocol

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.domain.errors import TooOld
from orchestrator.domain.lanes import is_lane
from orchestrator.domain.task_id import plan_of
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Turn
from orchestrator.ledger.turn_batches import BATCH_TURNS
from workers.next_link import Next, PassOn
from workers.poll_rounds import Publish
from workers.round_queue import Polled, RoundQueue
from workers.turn_run import Again, Run

THREADS: Final = 200
"""Polls of a process under way at once; a thread is made when it is first needed."""

IDLE_SECONDS: Final = 0.5

STOP_SECONDS: Final = 30.0
"""How long a stop waits for polls under way; their leases tell of those that take longer."""

_log = structlog.get_logger(__name__)


class Polls(Protocol):
    """What ``StageRunner`` does for rounds."""

    def begin_round(self, turns: Sequence[Turn]) -> list[Next | Run]: ...

    def run_polled(self, run: Run) -> Next | Again: ...

    def again_all(self, polls: Sequence[Again]) -> list[Next]: ...


class RoundRunner:
    """Of one process; ``put`` may be called from any thread. Starts with the first round."""

    def __init__(
        self,
        polls: Polls,
        ledger: Ledger,
        go_on: Callable[[Next], None],
        publish: Publish,
        stopping: threading.Event,
        renew_seconds: float,
        threads: int = THREADS,
        shown: Callable[[Sequence[Turn]], Sequence[str]] = lambda _: (),
    ) -> None:
        """``go_on`` takes what follows a turn, ``publish`` the turns that are handed back once ``stopping`` is set, and
        what ``shown`` says of them."""
        self._polls = polls
        self._ledger = ledger
        self._go_on = go_on
        self._publish = publish
        self._stopping = stopping
        self._renew_seconds = renew_seconds
        self._threads = threads
        self._shown = shown
        self._changed = threading.Condition()
        self._waiting = RoundQueue(threads)
        self._again: list[Again] = []
        self._recording = 0
        self._pool: ThreadPoolExecutor | None = None
        self._hold_at = time.monotonic() + renew_seconds
        self._loop = BackgroundLoop("round-runner", 0.0, self._round)

    def put(self, turns: Sequence[Turn], queue: str) -> None:
        """Takes a round in, whose message came from that queue; returns at once."""
        with self._changed:
            copies = self._waiting.put(Polled(turn, queue) for turn in turns)
            self._changed.notify()
        for turn in (polled.turn for polled in copies):
            # Its turn still waits here, so the ledger is not asked, and what it drops is told in the same words.
            known = {"planId": plan_of(turn.task_id), "taskId": turn.task_id}
            _log.info("message dropped", action="drop-copy", **known, turn=turn.turn)
        self._loop.start()

    def stop(self) -> None:
        """Returns when nothing of it runs any more, and what waited is published."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(self._is_empty, STOP_SECONDS)
        self._loop.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _is_empty(self) -> bool:
        return not (len(self._waiting) or self._waiting.busy or self._again or self._recording)

    def _round(self) -> None:
        with self._changed:
            self._changed.wait_for(self._has_work, IDLE_SECONDS)
            again, self._again = self._again[:BATCH_TURNS], self._again[BATCH_TURNS:]
            stops = self._stopping.is_set()
            left = self._waiting.clear() if stops else []
            taken = [] if stops else self._waiting.take(BATCH_TURNS)
            self._recording = len(again) + len(left)
        # Said also when nothing is under way any more: a stop waits for it.
        with self._done_recording():
            if again:
                self._each(self._polls.again_all(again))
            if left:
                self._hand_back(left)
        if taken:
            self._begin(taken)
        self._hold()

    def _has_work(self) -> bool:
        return bool(self._again) or self._waiting.may_take() or (self._stopping.is_set() and len(self._waiting) > 0)

    @contextmanager
    def _done_recording(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._recording = 0
                self._changed.notify_all()

    def _begin(self, taken: Sequence[Polled]) -> None:
        begun: Sequence[Next | Run] = ()
        try:
            begun = self._polls.begin_round([polled.turn for polled in taken])
        finally:
            for polled in taken[len(begun) :]:
                self._done(polled.plan_id)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, "poll")
        for polled, following in zip(taken, begun, strict=True):
            if isinstance(following, Run):
                self._pool.submit(self._poll, following, polled.plan_id)
                continue
            self._done(polled.plan_id)
            if isinstance(following, PassOn):
                self._publish_each(following.queue, [polled.turn])
            else:
                self._each([following])

    def _poll(self, run: Run, plan_id: str) -> None:
        again: list[Again] = []
        try:
            following = self._polls.run_polled(run)
            if isinstance(following, Again):
                again.append(following)
            else:
                self._go_on(following)
        except TooOld as error:
            _log.error(str(error), action="too-old", taskId=run.turn.task_id)
        except UNREACHABLE as error:
            _log.warning("poll not recorded", action="poll-missed", taskId=run.turn.task_id, error=str(error))
        except BaseException:  # noqa: BLE001 - its lease brings it back, and the thread is for the next one
            _log.exception("poll ended by a fault", action="poll-fault", taskId=run.turn.task_id)
        self._done(plan_id, again)

    def _done(self, plan_id: str, again: Sequence[Again] = ()) -> None:
        with self._changed:
            self._again += again
            self._waiting.done(plan_id)
            self._changed.notify_all()

    def _each(self, following: Sequence[Next]) -> None:
        for one in following:
            try:
                self._go_on(one)
            except Exception:  # noqa: BLE001 - one that is not published comes back by its lease
                _log.exception("poll not followed", action="poll-fault")

    def _hand_back(self, left: Sequence[Polled]) -> None:
        _log.info("polls handed back", action="polls-handed-back", polls=len(left))
        # What came by this worker's own queue has no lane: its lease tells.
        for queue in filter(is_lane, dict.fromkeys(polled.queue for polled in left)):
            turns = [polled.turn for polled in left if polled.queue == queue]
            for first in range(0, len(turns), BATCH_TURNS):
                self._publish_each(queue, turns[first : first + BATCH_TURNS])

    def _publish_each(self, queue: str, turns: Sequence[Turn]) -> None:
        shown: Sequence[str] = ()
        try:
            # Queued from now on.
            self._ledger.requeue(turns)
            self._ledger.hold(turns)
            shown = self._shown(turns)
        except (TooOld, *UNREACHABLE) as error:
            _log.warning("hand-back not noted", action="hold-failed", messages=len(turns), error=str(error))
        except Exception:  # noqa: BLE001 - for display alone, and their ids are shown instead
            _log.exception("what is damaged is shown by its id", action="poll-fault", polls=len(turns))
        try:
            self._publish(queue, turns, None, shown)
        except Exception:  # noqa: BLE001 - their leases tell
            _log.exception("polls not handed back", action="poll-fault", polls=len(turns))

    def _hold(self) -> None:
        if time.monotonic() < self._hold_at:
            return
        self._hold_at = time.monotonic() + self._renew_seconds
        with self._changed:
            turns = [polled.turn for polled in self._waiting]
        try:
            for first in range(0, len(turns), BATCH_TURNS):
                self._ledger.hold(turns[first : first + BATCH_TURNS])
        except UNREACHABLE as error:
            _log.warning("messages in hand not told", action="hold-failed", messages=len(turns), error=str(error))
