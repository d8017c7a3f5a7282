"""Signals as things to wait for: where a main loop sleeps until a signal (a child's death included) or a deadline."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any

STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class SignalInbox:
    """Collects stop signals and SIGCHLD while open; the handlers before it come back at the end. Main thread only."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._wakeup_before = -1
        self._read_end, self._write_end = socket.socketpair()

    def __enter__(self) -> SignalInbox:
        self._read_end.setblocking(False)
        self._write_end.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._write_end.fileno(), warn_on_full_buffer=False)
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            # Under nohup the hang-up stays ignored, as its user asked.
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._before[number] = signal.signal(number, _only_wake)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._read_end.close()
        self._write_end.close()

    def wait(self, seconds: float | None) -> set[signal.Signals]:
        """Sleep until a signal arrives or ``seconds`` have passed (None: no limit); the signals that arrived."""
        readable, _, _ = select.select([self._read_end], [], [], None if seconds is None else max(0.0, seconds))
        arrived: set[signal.Signals] = set()
        if readable:
            with contextlib.suppress(BlockingIOError):
                while chunk := self._read_end.recv(4096):
                    arrived.update(signal.Signals(number) for number in chunk)
        return arrived


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor tells the loop; a Python handler must exist for Python to write to it."""
