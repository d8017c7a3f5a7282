"""Signs of life of a process, and its end when it can give none: a frozen one helps nobody and looks like a live one.

What holds the interpreter's lock in C (a step's huge power, say) stops every thread of Python, the one that beats here
and a watchdog's alike, and no signal handler runs either. Two things still work:

- A timer of ``faulthandler``, whose thread is C and needs no lock. Each beat sets it anew; when it runs out, it writes
  to stderr where every thread stands and ends the process with exit code 1. Whatever restarts it will do.
- A supervisor that hears the beats stop, as they also do when the process is stopped (SIGSTOP) or cannot be run:
  ``changeover up`` by a pipe (``CHANGEOVER_PULSE_FD``), systemd by ``NOTIFY_SOCKET`` with ``WatchdogSec=``.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import socket
import stat
import threading
from collections.abc import Callable
from typing import Final

from orchestrator.background.loop import BackgroundLoop

PIPE_VARIABLE: Final = "CHANGEOVER_PULSE_FD"
SYSTEMD_VARIABLE: Final = "NOTIFY_SOCKET"

BEATS_A_PERIOD: Final = 10
_STDERR: Final = 2

Listener = Callable[[bytes], object]


class Pulse:
    """Beats; started and stopped as ``orchestrator.background.loop`` says.

    ``frozen_seconds``: without a beat for so long, the process ends. ``tells``: whether a supervisor is told; a child
    of the process that it supervises must not, or it would speak for a frozen parent.
    """

    def __init__(self, frozen_seconds: float, *, tells: bool = True) -> None:
        self._frozen_seconds = frozen_seconds
        self._listeners = _listeners() if tells else []
        every = frozen_seconds / BEATS_A_PERIOD
        self._loop = BackgroundLoop("pulse", every, self._beat, opening=self._first_beat, closing=_timer.cancel)

    def start(self) -> None:
        """Beats now, and ten times a period from now on."""
        self._loop.start()

    def stop(self) -> None:
        """No more beats; the process may take as long as it likes, as far as its own timer goes."""
        self._loop.stop()

    def _first_beat(self) -> None:
        _timer.set(self._frozen_seconds)
        self._tell(b"READY=1\nWATCHDOG=1")

    def _beat(self) -> None:
        _timer.set(self._frozen_seconds)
        self._tell(b"WATCHDOG=1")

    def _tell(self, message: bytes) -> None:
        for listener in self._listeners:
            # A supervisor that is gone or slow is no fault of this process.
            with contextlib.suppress(OSError):
                listener(message)


class _Timer:
    """The one timer that ``faulthandler`` has. It is put off while the process forks: the child would wait for it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._seconds: float | None = None
        os.register_at_fork(before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._in_child)

    def set(self, seconds: float) -> None:
        with self._lock:
            self._seconds = seconds
            faulthandler.dump_traceback_later(seconds, exit=True, file=_STDERR)

    def cancel(self) -> None:
        with self._lock:
            self._seconds = None
            faulthandler.cancel_dump_traceback_later()

    def _before_fork(self) -> None:
        self._lock.acquire()
        if self._seconds is not None:
            faulthandler.cancel_dump_traceback_later()

    def _after_fork(self) -> None:
        if self._seconds is not None:
            faulthandler.dump_traceback_later(self._seconds, exit=True, file=_STDERR)
        self._lock.release()

    def _in_child(self) -> None:
        self._lock = threading.RLock()
        self._seconds = None


_timer: Final = _Timer()


def tell_systemd(message: bytes) -> None:
    """Sends it to the systemd that started this process, if one did. ``OSError`` when it does not listen."""
    address = os.environ.get(SYSTEMD_VARIABLE)
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.setblocking(False)
            notify.sendto(message, "\0" + address[1:] if address.startswith("@") else address)


def _listeners() -> list[Listener]:
    found: list[Listener] = [tell_systemd]
    # Taken out, so that no process that this one starts beats in its place.
    given = os.environ.pop(PIPE_VARIABLE, "")
    with contextlib.suppress(ValueError, OSError):
        if stat.S_ISFIFO(os.fstat(int(given)).st_mode):
            found.append(lambda _: os.write(int(given), b"."))
    return found
