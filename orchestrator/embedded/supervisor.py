"""Keeps children alive and stops them in order.

One loop in the main thread, no threads: it sleeps in ``SignalInbox.wait`` until a signal comes (a stop, or SIGCHLD
when a child ends) or a restart is due. The main thread matters twice: Python delivers signals to it, and the kernel
ties a child's "die with the parent" to the thread that started it.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterable, Sequence

from orchestrator.background.pulse import tell_systemd
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.embedded.child import Child, ChildSpec
from orchestrator.embedded.console import Console
from orchestrator.embedded.gauge import LOOKS
from orchestrator.embedded.signal_inbox import STOP_SIGNALS, SignalInbox

STOP_ORDER = (
    ("console", 0.2),
    ("coordinator", 0.25),
    ("worker", 0.75),
    ("flower", 0.85),
    ("fleet", 0.85),
    ("redis", 0.95),
)
"""Role, and the share of the whole time for a stop by whose end its processes are killed."""

GONE_AFTER_KILL_SECONDS = 1.0

FROZEN_ENDS_WITHIN_SECONDS = 2.0
"""How long a frozen child may take to end as asked. One that is stopped or holds the interpreter's lock never does."""


class StopAsked(Exception):
    """A stop signal came; not an error."""


class Supervisor:
    """Starts children, restarts those that end, stops them all.

    ``on_restart`` is called after every restart, when ``pids`` has changed. ``clock`` gives seconds that only rise. A
    child that gives no sign of life for ``frozen_seconds`` is ended.
    """

    def __init__(
        self,
        inbox: SignalInbox,
        console: Console,
        on_restart: Callable[[], None],
        clock: Callable[[], float],
        frozen_seconds: float,
    ) -> None:
        self._inbox = inbox
        self._console = console
        self._on_restart = on_restart
        self._clock = clock
        self._children: list[Child] = []
        self._frozen_seconds = frozen_seconds
        self._look_at = clock()
        self._has_come = False
        self._ending: dict[int, float] = {}
        """Pids of frozen children that were asked to end, and when they are killed."""

    def start(self, specs: Iterable[ChildSpec], keep: bool = True) -> list[Child]:
        """Start one child each, to be kept alive or not. ``OSError`` when one cannot start; those before it run."""
        started = []
        for spec in specs:
            child = Child(spec, self._clock)
            child.kept = keep
            child.start()
            self._children.append(child)
            started.append(child)
        return started

    def pids(self) -> dict[str, list[int]]:
        """Newest pid of each child, by role."""
        found: dict[str, list[int]] = {}
        for child in self._children:
            if child.pid is not None:
                found.setdefault(child.spec.role, []).append(child.pid)
        return found

    def attend(self, seconds: float | None = None) -> None:
        """Sleep until something happens or ``seconds`` have passed (None: no limit), and see to it: a child that
        ended is reported and started again when due. Raises ``StopAsked`` when a stop signal came, ``InvalidInput``
        when one refused its settings at the first start.
        """
        now = self._clock()
        waits = [child.due - now for child in self._children if child.due is not None]
        waits += [when - now for when in self._ending.values()]
        if any(child.spec.has_pulse for child in self._children):
            waits.append(self._look_at - now)
        if seconds is not None:
            waits.append(seconds)
        if self._inbox.wait(min(waits) if waits else None) & STOP_SIGNALS:
            raise StopAsked
        for child in self._children:
            if (how := child.reap()) is not None:
                self._require_taken(child)
                self._put_off(child, f"{child.spec.name} (pid {child.pid}) ended: {how}")
            elif child.due is not None and child.due <= self._clock():
                self._restart(child)
        self._end_frozen()

    def all_came(self) -> None:
        """They all run by now: one that refuses later, its settings changed meanwhile, takes no other with it."""
        self._has_come = True

    def _require_taken(self, child: Child) -> None:
        """Raises ``InvalidInput`` for one that refuses what it was given as it starts: it would for ever."""
        if child.spec.has_pulse and child.exit_code == InvalidInput.exit_code and not self._has_come:
            message = f"{child.spec.name} refuses to start (exit code {child.exit_code}); it says above what is wrong"
            raise InvalidInput([Problem("", None, message)])

    def stop(self, within_seconds: float) -> None:
        """End all children, role by role, each asked first and killed when its share of the time is over.

        A Ctrl-C meanwhile kills the rest at once. Stopping twice is no error.
        """
        began = self._clock()
        hurried = False
        for role, share in STOP_ORDER:
            group = [child for child in self._children if child.spec.role == role and child.running]
            for child in group:
                child.terminate()
            while any(child.running for child in group) and not hurried:
                left = began + share * within_seconds - self._clock()
                if left <= 0:
                    break
                hurried = signal.SIGINT in self._inbox.wait(left)
                for child in group:
                    child.reap()
            self._kill(group)
        self._children.clear()

    def _end_frozen(self) -> None:
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + self._frozen_seconds / LOOKS
            with contextlib.suppress(OSError):
                tell_systemd(b"WATCHDOG=1")
            for child in self._children:
                if child.is_frozen() and child.pid is not None and child.pid not in self._ending:
                    self._console.say(
                        f"{child.spec.name} (pid {child.pid}) is frozen, it gives no sign of life: ending it"
                    )
                    child.terminate()
                    self._ending[child.pid] = now + FROZEN_ENDS_WITHIN_SECONDS
        for child in self._children:
            if child.pid in self._ending and (not child.running or now >= self._ending[child.pid]):
                del self._ending[child.pid]
                child.kill()

    def _kill(self, group: Sequence[Child]) -> None:
        for child in group:
            if child.running:
                self._console.say(f"{child.spec.name} (pid {child.pid}) did not stop in time: killed")
                child.kill()
        deadline = self._clock() + GONE_AFTER_KILL_SECONDS
        while any(child.running for child in group) and (left := deadline - self._clock()) > 0:
            self._inbox.wait(left)
            for child in group:
                child.reap()

    def _restart(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            self._put_off(child, f"{child.spec.name} cannot be started: {error.strerror}")
            return
        self._console.say(f"{child.spec.name} started again (pid {child.pid})")
        self._on_restart()

    def _put_off(self, child: Child, what: str) -> None:
        again = f"; starting it again in {child.plan_restart():g} s" if child.kept else ""
        self._console.say(what + again)
