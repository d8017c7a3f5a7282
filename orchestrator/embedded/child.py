"""One supervised process: started in a group of its own, dies with its parent, restarted with a growing delay."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.background.held_port import SOCKET_VARIABLE
from orchestrator.background.pulse import PIPE_VARIABLE
from orchestrator.embedded.gauge import Gauge

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 5.0
STEADY_SECONDS = 10.0
"""A child that lived this long starts again with the first delay."""

_PR_SET_PDEATHSIG = 1
# Loaded here, in the parent: between fork and exec only the call itself may happen.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(number: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A ``preexec_fn``: the kernel sends ``number`` to the child when the thread that starts it ends (Linux only).

    Start such children from the main thread, of a process without other threads.
    """
    parent = os.getpid()

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:  # it ended before the call above
                os._exit(1)

    return prepare


class RestartDelay:
    """How long to wait before the next start: 0.5 s doubling to 5 s, from the start again after 10 s alive."""

    def __init__(self) -> None:
        self._next_seconds = FIRST_DELAY_SECONDS

    def after(self, alive_seconds: float) -> float:
        """Seconds to wait now that the child has ended, having lived ``alive_seconds``."""
        if alive_seconds >= STEADY_SECONDS:
            self._next_seconds = FIRST_DELAY_SECONDS
        delay = self._next_seconds
        self._next_seconds = min(LONGEST_DELAY_SECONDS, delay * 2)
        return delay


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run: ``role`` as in run.json, ``name`` for people, the whole ``environment``, the folder to run in."""

    role: str
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    has_pulse: bool = False
    """Whether it beats; one that stops beating is frozen."""
    listener: socket.socket | None = None
    """Listens already, and is handed to it at each start; whoever made it closes it."""


class Child:
    """A process and its restarts. ``clock`` gives seconds that only rise."""

    def __init__(self, spec: ChildSpec, clock: Callable[[], float]) -> None:
        self.spec = spec
        self.pid: int | None = None
        """Of the newest start; stays until the next one."""
        self.exit_code: int | None = None
        """Of its last end; below 0 the number of a signal."""
        self.due: float | None = None
        """When to start it again, by the clock; None while it runs or before its first start."""
        self.kept = True
        """Whether it is started again when it ends."""
        self._clock = clock
        self._delay = RestartDelay()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._gauge: Gauge | None = None

    @property
    def running(self) -> bool:
        return self._process is not None

    def owns(self, pid: int | None) -> bool:
        """Whether ``pid`` is this process or one that it started (a binary on PATH may be a wrapper)."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            return pid is not None and os.getpgid(pid) == self.pid
        return False

    def start(self) -> None:
        """Start the process; its output goes to our stderr. ``OSError`` when it cannot be started."""
        self.due = None
        self._started_at = self._clock()
        environment = dict(self.spec.environment)
        gauge = Gauge() if self.spec.has_pulse else None
        if gauge is not None:
            environment[PIPE_VARIABLE] = str(gauge.write_end)
        kept_open = [] if gauge is None else [gauge.write_end]
        if self.spec.listener is not None:
            environment[SOCKET_VARIABLE] = str(self.spec.listener.fileno())
            kept_open.append(self.spec.listener.fileno())
        try:
            self._process = self._open(environment, kept_open)
        finally:
            if gauge is not None:
                gauge.close_write_end()
                if self._process is None:
                    gauge.close()
        self._gauge = gauge
        self.pid = self._process.pid

    def _open(self, environment: Mapping[str, str], kept_open: Sequence[int]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(self.spec.command),
            cwd=self.spec.folder,
            env=environment,
            pass_fds=kept_open,
            stdin=subprocess.DEVNULL,
            # Inherited, not piped: a child that floods, or a reader that stalls, never involves the supervisor.
            stdout=sys.stderr.fileno(),
            # A terminal's Ctrl-C reaches the supervisor alone, and the group can be killed with all its offspring.
            start_new_session=True,
            preexec_fn=dies_with_parent(),  # safe: the supervisor has no threads
        )

    def reap(self) -> str | None:
        """How it ended, once, when it has; else None. What it leaves behind in its group is killed."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        self._process, self.exit_code = None, code
        if self._gauge is not None:
            self._gauge.close()
            self._gauge = None
        self._kill_group()
        return f"exit code {code}" if code >= 0 else _signal_name(-code)

    def is_frozen(self) -> bool:
        """One look at its pulse; see ``Gauge``. A child that does not run, or has none, is not."""
        return self.running and self._gauge is not None and self._gauge.is_frozen()

    def plan_restart(self) -> float:
        """Set ``due`` and return the seconds until then."""
        delay = self._delay.after(self._clock() - self._started_at)
        self.due = self._clock() + delay
        return delay

    def terminate(self) -> None:
        """Ask the process to end."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End the process and its whole group now."""
        if self._process is not None:
            self._kill_group()

    def _kill_group(self) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
