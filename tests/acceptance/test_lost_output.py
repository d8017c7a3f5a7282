"""Output that cannot be written (a full disk, a closed stream, a reader that left): one line, its own exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.long import long
from tests.support.processes import start

NOBODY = "redis://127.0.0.1:1/0"
ENVIRONMENT = {"CHANGEOVER_REDIS_URL": NOBODY, "PATH": "/usr/bin:/bin"}
FULL = Path("/dev/full")


def ran(arguments: str, redirections: str) -> subprocess.CompletedProcess[str]:
    """`changeover ARGUMENTS` with its streams as the shell's ``redirections`` say; no Redis answers it."""
    script = f'exec "$0" -m orchestrator.cli {arguments} {redirections}'
    return subprocess.run(
        ["/bin/sh", "-c", script, sys.executable],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", ["config", "config --json", "--help", "submit --help"])
def test_a_full_disk_is_one_line(arguments: str) -> None:
    with FULL.open("wb", buffering=0) as full, tempfile.TemporaryFile() as errors:
        code = start(arguments.split(), ENVIRONMENT, full, errors).wait(60)
        errors.seek(0)
        said = errors.read().decode()
    assert code == 4
    assert said.startswith("error: the output cannot be written: No space left on device")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("status", 4), pytest.param("no-such-command", 2, marks=long), pytest.param("config", 0, marks=long)],
)
def test_the_exit_code_tells_where_no_error_can_be_written(arguments: str, code: int) -> None:
    with FULL.open("wb", buffering=0) as full, tempfile.TemporaryFile() as output:
        assert start([arguments], ENVIRONMENT, output, full).wait(60) == code
    assert ran(arguments, "2>&-").returncode == code


def test_a_closed_output_is_no_fault() -> None:
    done = ran("config", ">&-")
    assert (done.returncode, done.stderr) == (0, "")
    done = ran("status --json", ">&-")
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_left_takes_no_error_along() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator.cli", "no-such-command"], stderr=writing, check=False, timeout=60
        )
    finally:
        os.close(writing)
    assert done.returncode == 2
