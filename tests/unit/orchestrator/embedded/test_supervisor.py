"""When a child that ended is started again, by a clock that the test sets."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.embedded.child import ChildSpec
from orchestrator.embedded.console import Console
from orchestrator.embedded.signal_inbox import SignalInbox
from orchestrator.embedded.supervisor import Supervisor


@pytest.fixture
def inbox() -> Iterator[SignalInbox]:
    with SignalInbox() as inbox:
        yield inbox


def test_a_child_is_started_again_when_its_delay_is_over_and_not_before(inbox: SignalInbox, tmp_path: Path) -> None:
    now = 0.0
    restarts: list[float] = []
    said = io.StringIO()
    supervisor = Supervisor(inbox, Console(said), lambda: restarts.append(now), lambda: now, 60.0)
    spec = ChildSpec("worker", "worker 1", [sys.executable, "-c", ""], os.environ, tmp_path)
    (child,) = supervisor.start([spec])
    try:
        for delay in (0.5, 1.0, 2.0):
            while child.due is None:
                supervisor.attend(1)
            assert child.due == now + delay
            now += delay - 0.01
            supervisor.attend(0)
            assert not child.running
            now += 0.01
            supervisor.attend(0)
            assert restarts[-1] == now
            assert child.running
    finally:
        supervisor.stop(10)


def attend_until(supervisor: Supervisor, holds: Callable[[], bool]) -> None:
    while not holds():
        supervisor.attend(1)


def test_a_child_that_refuses_what_it_is_given_ends_the_rest_instead_of_starting_for_ever(
    inbox: SignalInbox, tmp_path: Path
) -> None:
    said = io.StringIO()
    supervisor = Supervisor(inbox, Console(said), lambda: None, lambda: 0.0, 60.0)
    command = [sys.executable, "-c", "raise SystemExit(2)"]
    spec = ChildSpec("worker", "worker 1", command, os.environ, tmp_path, has_pulse=True)
    try:
        (child,) = supervisor.start([spec])
        with pytest.raises(InvalidInput, match=r"worker 1 refuses to start \(exit code 2\)"):
            attend_until(supervisor, lambda: False)
        assert child.due is None
        # One whose settings were changed while all run takes nobody with it.
        supervisor.all_came()
        child.start()
        attend_until(supervisor, lambda: child.due is not None)
    finally:
        supervisor.stop(10)
