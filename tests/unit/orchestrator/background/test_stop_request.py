"""A stop that a signal asks for: at any instruction of the main thread, and done once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from orchestrator.background import stop_request
from orchestrator.background.loop import BackgroundLoop
from orchestrator.background.stop_request import StopRequest
from tests.support.hammer import threads_named
from tests.support.waiting import wait_until

NAME = "asked-to-stop"


class At:
    """Calls something at the n-th instruction that a file's code runs in this thread, as a signal's handler is."""

    def __init__(self, file: str, number: int, call: Callable[[], object]) -> None:
        self._file, self._left, self._call = file, number, call
        self.has_called = False

    def __enter__(self) -> At:
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename != self._file:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self._left -= 1
            if self._left == 0:
                sys.settrace(None)
                self.has_called = True
                self._call()
        return self._trace


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    wait_until(lambda: not threads_named(NAME), 30, "a thread is left")


def test_a_handler_may_ask_at_every_instruction_of_everything() -> None:
    asked, number = True, 0
    while asked:
        number += 1
        done: list[None] = []
        request = StopRequest(NAME, lambda done=done: done.append(None))  # type: ignore[misc]
        with At(stop_request.__file__, number, request.ask) as at:
            request.start()
            request.join(30)
            request.ask()
        asked = at.has_called
        request.join(30)
        assert done == [None], f"instruction {number}"
    assert number > 20


def test_a_loop_that_is_starting_is_stopped_when_it_has_started() -> None:
    """What is started, and what a signal stops, take one lock; the handler takes none."""
    coming, opened, rounds = threading.Lock(), threading.Event(), threading.Event()

    def opens() -> None:
        request.ask()
        opened.set()

    loop = BackgroundLoop("under-test", 0.001, rounds.set, opening=opens)

    def leave() -> None:
        with coming:
            loop.stop()

    request = StopRequest(NAME, leave)
    request.start()
    with coming:
        loop.start()
        assert opened.is_set()
    request.join(30)
    assert not threads_named("under-test")


ASKED_IN_ITS_HANDLER = """
import os, signal, threading
from orchestrator.background.stop_request import StopRequest
ended = threading.Event()
leaving = StopRequest("leaving", ended.set)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: leaving.ask())
print("ready", flush=True)
leaving.start()
while not ended.wait(0.00001):
    pass
leaving.join(10)
"""


def test_a_process_that_waits_for_the_very_event_ends_at_once() -> None:
    """An event that a handler sets can lock itself out: its lock is held where it is waited for."""
    process = subprocess.Popen([sys.executable, "-c", ASKED_IN_ITS_HANDLER], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
