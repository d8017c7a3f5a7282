"""A task that is done over and over on a thread of its own, with one contract of start and stop for all of them.

- ``start`` returns with the thread running; while it runs, another start does nothing.
- ``stop`` asks it to end, waits, and returns with the thread gone; before a start, or again, it does nothing.
- Both may be called any number of times, in any order, from any thread; the last call has the say. Not from a handler
  of a signal, which runs in the middle of either: that asks a ``StopRequest``, whose thread calls ``stop``. A round may
  stop its own loop: it ends with that round. It cannot start it, which runs.
- After a stop a start begins anew. Two rounds never overlap, not even when a round outlasts the patience of a stop: the
  new thread waits for the old one first.
- A round that raises, ``SystemExit`` too, is logged, and the next one comes: without its thread a process looks well
  and is not. What each round raises anew is logged once in ten minutes.
- A child after a fork has no thread of its parent's, whatever the parent was in; ``start`` makes one.

Threads that have no rounds do not stand on it, each with its own end in its own module: the event loop of HTTP requests
(``steps/http/pool.py``), a look-up of a name (``steps/http/names.py``), the server of metrics
(``observability/metrics.py``), the wait for a signal's word (``stop_request.py``), the coordinator of a process that is
all in one (``workers/single_process.py``), and pools and timers of the standard library.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Final

import structlog

from orchestrator.background.news import News
from orchestrator.domain.errors import TooOld
from steps.raised import is_for_process
from steps.told import words_of

JOIN_SECONDS: Final = 10.0
"""How long ``stop`` waits for a round that is under way."""

TOO_OLD_SECONDS: Final = 10.0
"""How long a process that is too old for the ledger leaves it alone; another may have been meant."""

_log = structlog.get_logger(__name__)


def _nothing() -> None:
    pass


class BackgroundLoop:
    """Calls ``round`` every ``every_seconds``, the first time that long after the start.

    ``opening`` runs in ``start`` before the thread does, ``closing`` in ``stop`` after it has ended: both once for each
    time that the loop really starts and stops (one that stopped itself is closed by the next start or stop). What
    ``opening`` raises goes to the caller, and nothing was started; nor was it when no thread is to be had: then it is
    closed again before the caller is told.
    """

    def __init__(
        self,
        name: str,
        every_seconds: float,
        round: Callable[[], object],
        *,
        opening: Callable[[], object] = _nothing,
        closing: Callable[[], object] = _nothing,
        join_seconds: float = JOIN_SECONDS,
    ) -> None:
        self._name = name
        self._every_seconds = every_seconds
        self._round = round
        self._opening = opening
        self._closing = closing
        self._join_seconds = join_seconds
        # Reentrant: what opens or closes a loop may stop it.
        self._lock = threading.RLock()
        self._life: _Life | None = None
        self._lingering: _Life | None = None
        self._stops = 0
        self._news = News()
        _loops.add(self)

    def start(self) -> None:
        """See the contract above."""
        # Without the lock, for those that start what runs at each of their calls.
        if self._runs() or self._own_life() is not None:
            return
        with self._lock:
            if self._runs():
                return
            self._retire()
            stops = self._stops
            self._opening()
            if self._stops != stops:
                # What opened it has stopped it.
                self._closing()
                return
            self._life = life = _Life(self._name, self, self._lingering)
            try:
                life.start()
            except Exception:
                # There was no thread to be had.
                self._life = None
                self._closing()
                raise

    def is_stopping(self) -> bool:
        """Asked in a long round: whether its loop was asked to end."""
        own = self._own_life()
        return own is not None and own.end.is_set()

    def stop(self) -> None:
        """See the contract above."""
        if (own := self._own_life()) is not None:
            own.end.set()
            return
        with self._lock:
            self._stops += 1
            if self._life is not None:
                self._life.end.set()
                self._retire()

    def _runs(self) -> bool:
        life = self._life
        return life is not None and not life.end.is_set() and life.is_alive()

    def _own_life(self) -> _Life | None:
        current = threading.current_thread()
        return current if isinstance(current, _Life) and current.loop is self else None

    def _retire(self) -> None:
        """Waits for a life that was asked to end, and closes it; one that a fork left in the parent is forgotten."""
        life, self._life = self._life, None
        if life is None or not life.end.is_set():
            return
        if life.is_alive():
            life.join(self._join_seconds)
        if life.is_alive():
            self._lingering = life
            _log.warning("a round lasts on after the stop", action="loop-lingers", loop=self._name)
        self._closing()

    def forget_parent(self) -> None:
        """In a child after a fork: the thread is the parent's, as is whoever holds the lock. A round that forks goes on
        in its child, and so does its loop."""
        self._lock = threading.RLock()
        if self._own_life() is None:
            self._life = self._lingering = None

    def go_round(self, end: threading.Event) -> None:
        """The thread's body."""
        while not end.wait(self._every_seconds):
            try:
                self._round()
            except TooOld as error:
                # It stays so until it is updated: said now and then, not each round.
                _log.error(str(error), action="too-old", loop=self._name)
                end.wait(TOO_OLD_SECONDS)
            except BaseException as error:
                if is_for_process(error):
                    raise
                if self._news.is_new("a round", words_of(error)):
                    _log.exception("went on after a fault", action=f"{self._name}-fault")
            else:
                self._news.forget("a round")


class _Life(threading.Thread):
    """The thread of one start."""

    def __init__(self, name: str, loop: BackgroundLoop, before: _Life | None) -> None:
        super().__init__(name=name, daemon=True)
        self.loop = loop
        self.end = threading.Event()
        self._before = before

    def run(self) -> None:
        if self._before is not None:
            self._before.join()
            self._before = None
        self.loop.go_round(self.end)


_loops: Final[weakref.WeakSet[BackgroundLoop]] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for loop in list(_loops):
        loop.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
