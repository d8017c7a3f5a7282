"""The contract of every background thread: start and stop, any number of times, in any order, from any thread."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from orchestrator.background.loop import BackgroundLoop
from tests.support.hammer import hammer, threads_named
from tests.support.waiting import wait_until

NAME = "under-test"


class Counted:
    """A loop that counts, and sees two rounds at once."""

    def __init__(self, round: Callable[[], object] = lambda: None, join_seconds: float = 30) -> None:
        self.rounds = self.opened = self.closed = self.overlaps = 0
        self._inner = round
        self._alone = threading.Lock()
        self.loop = BackgroundLoop(
            NAME, 0.001, self._round, opening=self._open, closing=self._close, join_seconds=join_seconds
        )

    def _round(self) -> None:
        if not self._alone.acquire(blocking=False):
            self.overlaps += 1
            return
        try:
            self.rounds += 1
            self._inner()
        finally:
            self._alone.release()

    def _open(self) -> None:
        self.opened += 1

    def _close(self) -> None:
        self.closed += 1

    def goes(self) -> None:
        """Waits for one more round."""
        before = self.rounds
        wait_until(lambda: self.rounds > before)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    wait_until(lambda: not threads_named(NAME), 30, "a thread is left")


def test_start_and_stop_in_any_number_and_order() -> None:
    counted = Counted()
    counted.loop.stop()
    counted.loop.stop()
    assert (counted.opened, counted.closed) == (0, 0)
    for life in (1, 2, 3):
        counted.loop.start()
        counted.loop.start()
        assert len(threads_named(NAME)) == 1
        counted.goes()
        counted.loop.stop()
        assert not threads_named(NAME)
        counted.loop.stop()
        assert (counted.opened, counted.closed) == (life, life)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_threads_that_hammer_start_and_stop(seed: int) -> None:
    counted = Counted()

    def act(number: int) -> None:
        choose = random.Random(seed * 100 + number)
        for _ in range(150):
            choose.choice((counted.loop.start, counted.loop.stop))()

    hammer(act)
    counted.loop.start()
    assert len(threads_named(NAME)) == 1
    counted.goes()
    counted.loop.stop()
    assert not threads_named(NAME)
    assert counted.overlaps == 0
    assert counted.opened == counted.closed > 1


def test_a_round_that_raises_is_followed_by_the_next() -> None:
    def fail() -> None:
        raise ValueError("a fault of ours")

    counted = Counted(fail)
    with capture_logs() as logs:
        counted.loop.start()
        wait_until(lambda: counted.rounds > 2)
        counted.loop.stop()
    # What lasts is said once.
    assert [entry["action"] for entry in logs] == [f"{NAME}-fault"]


def test_a_loop_may_stop_itself_and_be_started_again() -> None:
    counted = Counted(lambda: counted.loop.stop())
    for life in (1, 2):
        counted.loop.start()
        wait_until(lambda: not threads_named(NAME))
        assert counted.rounds == life
    counted.loop.stop()
    assert (counted.opened, counted.closed) == (2, 2)


def test_a_long_round_sees_the_stop() -> None:
    def long() -> None:
        wait_until(counted.loop.is_stopping)

    counted = Counted(long)
    counted.loop.start()
    wait_until(lambda: counted.rounds == 1)
    assert not counted.loop.is_stopping(), "asked by another thread"
    counted.loop.stop()
    assert not threads_named(NAME)


def test_a_round_that_outlasts_the_stop_is_waited_for_by_the_next_start() -> None:
    go_on = threading.Event()
    counted = Counted(lambda: go_on.wait(60), join_seconds=0.01)
    counted.loop.start()
    wait_until(lambda: counted.rounds == 1)
    with capture_logs() as logs:
        counted.loop.stop()
    assert [entry["action"] for entry in logs] == ["loop-lingers"]
    counted.loop.start()
    wait_until(lambda: len(threads_named(NAME)) == 2)
    # Time for a hundred rounds, if it did not wait.
    threads_named(NAME)[-1].join(0.1)
    assert (counted.rounds, counted.overlaps) == (1, 0)
    go_on.set()
    counted.goes()
    counted.loop.stop()
    assert counted.overlaps == 0


def test_what_opening_raises_goes_to_the_caller_and_nothing_is_started() -> None:
    failures = [OSError("away")]

    def opening() -> None:
        if failures:
            raise failures.pop()

    loop = BackgroundLoop(NAME, 0.001, lambda: None, opening=opening)
    with pytest.raises(OSError, match="away"):
        loop.start()
    assert not threads_named(NAME)
    loop.start()
    assert len(threads_named(NAME)) == 1
    loop.stop()


def test_a_stop_by_what_opens_it_wins() -> None:
    closed: list[bool] = []
    loop = BackgroundLoop(NAME, 0.001, lambda: None, opening=lambda: loop.stop(), closing=lambda: closed.append(True))
    loop.start()
    assert not threads_named(NAME)
    assert closed == [True]


FORKED = """
import os, threading
from orchestrator.background.loop import BackgroundLoop
parent = os.getpid()
went, closed = threading.Event(), []
loop = BackgroundLoop("forked", 0.001, went.set, closing=lambda: closed.append(os.getpid()))
loop.start()
assert went.wait(30)
child = os.fork()
if child == 0:
    went.clear()
    loop.start()
    ok = went.wait(30)
    loop.stop()
    os._exit(0 if ok and closed == [os.getpid()] else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
loop.stop()
assert closed == [parent], closed
raise SystemExit(status)
"""


def test_a_child_after_a_fork_starts_its_own() -> None:
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], timeout=60, check=False)
    assert result.returncode == 0


def test_a_start_for_which_there_is_no_thread_leaves_nothing_open() -> None:
    """The system refuses a thread whose stack is larger than all memory; then it gives one."""
    told: list[str] = []
    loop = BackgroundLoop(
        "none", 0.001, lambda: None, opening=lambda: told.append("opened"), closing=lambda: told.append("closed")
    )
    before = threading.stack_size(1 << 46)
    try:
        for _ in range(3):
            with pytest.raises(RuntimeError, match="can't start new thread"):
                loop.start()
    finally:
        threading.stack_size(before)
    assert told == ["opened", "closed"] * 3
    loop.stop()
    assert told == ["opened", "closed"] * 3
    loop.start()
    loop.stop()
    assert told == ["opened", "closed"] * 4


FORKED_IN_A_START = """
import os, threading
from orchestrator.background.loop import BackgroundLoop
opening, forked, went, closed = threading.Event(), threading.Event(), threading.Event(), []
def opens():
    opening.set()
    assert forked.wait(30)
loop = BackgroundLoop("forked", 0.001, went.set, opening=opens, closing=lambda: closed.append(os.getpid()))
starts = threading.Thread(target=loop.start)
starts.start()
assert opening.wait(30)
child = os.fork()
forked.set()
if child == 0:
    loop.stop()
    assert closed == []
    loop.start()
    ok = went.wait(20)
    loop.stop()
    os._exit(0 if ok and closed == [os.getpid()] else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
starts.join()
loop.stop()
raise SystemExit(status)
"""


def test_a_child_forked_in_the_middle_of_a_start_is_free_to_start_and_stop() -> None:
    # A child that hangs is ended with its parent's group.
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", FORKED_IN_A_START], start_new_session=True)
    try:
        assert process.wait(30) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
