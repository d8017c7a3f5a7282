"""A process that beats lives; one that is frozen, even where no thread and no signal gets through, ends itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestrator.background.pulse import PIPE_VARIABLE, SYSTEMD_VARIABLE
from orchestrator.embedded.gauge import LOOKS, LOOKS_AT_START, Gauge

TREE = Path(__file__).parents[4]
START = "import os, sys\nfrom orchestrator.background.pulse import Pulse\npulse = Pulse(1.0)\npulse.start()\n"


def run(code: str, environment: dict[str, str] | None = None, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START + code],
        cwd=TREE,
        env=os.environ | (environment or {}),
        pass_fds=pass_fds,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_that_holds_the_interpreter_in_c_ends_and_says_where() -> None:
    with run("def step():\n    return 3 ** 10**9\nstep()") as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Timeout" in said
    assert "in step" in said


def test_one_that_beats_lives_and_no_child_beats_for_it() -> None:
    read_end, write_end = os.pipe()
    code = f"""
assert {PIPE_VARIABLE!r} not in os.environ
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", START + code],
        cwd=TREE,
        env=os.environ | {PIPE_VARIABLE: str(write_end)},
        pass_fds=(write_end,),
        stdin=subprocess.PIPE,
    )
    os.close(write_end)
    # A period and a half, each beat read as it comes.
    beats = b"".join(os.read(read_end, 1) for _ in range(15))
    assert process.poll() is None
    process.communicate(b"", timeout=30)
    os.close(read_end)
    assert (beats, process.returncode) == (b"." * 15, 0)


def test_what_a_process_forks_is_not_held_up_and_has_a_pulse_of_its_own() -> None:
    code = """
for _ in range(20):
    child = os.fork()
    if not child:
        Pulse(60.0, tells=False).start()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
3 ** 10**9
"""
    with run(code) as process:
        _, said = process.communicate(timeout=60)
    # Its own timer is still set after all the forks.
    assert process.returncode == 1
    assert "Timeout" in said


def test_one_that_stopped_beating_may_take_its_time() -> None:
    with run("pulse.stop()\nimport time\ntime.sleep(1.5)\nprint('done')") as process:
        out, said = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "done\n"), said


def test_systemd_is_told() -> None:
    # Not in the folder of the test: a socket's path has 107 characters at most.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        address = f"{folder}/notify"
        systemd.bind(address)
        systemd.settimeout(30)
        with run("import time\ntime.sleep(60)", {SYSTEMD_VARIABLE: address}) as process:
            messages = [systemd.recv(100) for _ in range(3)]
            process.kill()
    assert messages == [b"READY=1\nWATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]


def test_a_gauge_counts_looks_without_a_beat() -> None:
    gauge = Gauge()
    os.write(gauge.write_end, b"...")
    assert [gauge.is_frozen() for _ in range(LOOKS)] == [False] * LOOKS
    os.write(gauge.write_end, b".")
    assert [gauge.is_frozen() for _ in range(LOOKS + 1)] == [False] * LOOKS + [True]
    gauge.close_write_end()
    gauge.close()


def test_a_gauge_gives_a_child_time_to_begin() -> None:
    gauge = Gauge()
    assert [gauge.is_frozen() for _ in range(LOOKS_AT_START)] == [False] * (LOOKS_AT_START - 1) + [True]
    gauge.close_write_end()
    gauge.close()


def test_a_full_pipe_holds_nobody_up() -> None:
    gauge = Gauge()
    given = {PIPE_VARIABLE: str(gauge.write_end)}
    code = "for _ in range(70_000):\n    pulse._tell(b'')\nprint('done')"
    with run(code, given, pass_fds=(gauge.write_end,)) as process:
        assert process.communicate(timeout=60)[0] == "done\n"
    gauge.close_write_end()
    gauge.close()
