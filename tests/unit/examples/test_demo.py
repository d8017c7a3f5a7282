from __future__ import annotations

import os
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from examples.demo import PLAN, DemoFailed, running, with_free_ports
from orchestrator.embedded.demo.instances import instances_of, load_plan
from tests.support.up_process import alive


def test_a_taken_port_moves_the_whole_plan(tmp_path: Path) -> None:
    taken = instances_of(load_plan(PLAN))[3]
    with ExitStack() as held:
        # Another process of this machine may hold it already: then it is as taken.
        with suppress(OSError):
            held.enter_context(socket.create_server((taken.host, taken.port)))
        moved = with_free_ports(PLAN, tmp_path)
    ports = [instance.port for instance in instances_of(load_plan(moved))]
    assert moved != PLAN
    assert taken.port not in ports
    assert len(set(ports)) == len(instances_of(load_plan(PLAN)))


def test_what_runs_is_ended(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = (
        f"import os, signal; open({str(note)!r}, 'w').write(str(os.getpid())); print('up', flush=True); signal.pause()"
    )
    with running("it", [sys.executable, "-c", script], "up", os.environ, tmp_path / "log"):
        pid = int(note.read_text())
        assert alive(pid)
    assert not alive(pid)


def test_what_ends_too_early_is_said_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no port left')"]
    with pytest.raises(DemoFailed, match="no port left"), running("it", command, "up", os.environ, tmp_path / "log"):
        pass
