"""Processes of ours for tests: commands, coordinators, workers, each a real process in a session of its own.

They are forked by one process a test run that has loaded everything (see ``preloaded``): loading takes a second or two
of a core, and hundreds of tests start some. Where that would differ from a start of its own (another interpreter's
options, a preloaded library, gevent, which patches before anything is imported) the command is started plainly, and so
is everything with ``CHANGEOVER_TEST_PLAIN=1``.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from tests.support.preloaded import CODE

_SPAWNED = ("LD_PRELOAD", "PYTHONWARNINGS", "PYTHONDEVMODE")


class Process(Protocol):
    """What tests use of ``subprocess.Popen``."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def send_signal(self, sig: int) -> None: ...


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes],
    folder: Path | None = None,
    *,
    becomes: bool = False,
    module: str = "orchestrator.cli",
) -> Process:
    """``changeover ARGUMENTS``, or the ``main`` of another ``module``, as a leader of its own session; a worker at once
    ``becomes`` Celery's command."""
    plain = os.environ.get("CHANGEOVER_TEST_PLAIN") or "gevent" in arguments
    if plain or any(name in environment for name in _SPAWNED):
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    request = {
        "arguments": list(arguments),
        "environment": dict(environment),
        "folder": str(folder or Path.cwd()),
        "module": "workers.__main__" if becomes else module,
    }
    return _nursery().fork(request, output.fileno(), errors.fileno())


class _Forked:
    """A process that the preloaded one has forked; its exit code comes through a pipe."""

    def __init__(self, pid: int, codes: int) -> None:
        self.pid = pid
        self._codes = codes
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["changeover"], timeout or 0)
        return code

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def _look(self, seconds: float | None) -> int | None:
        if self._code is None and select.select([self._codes], [], [], seconds)[0]:
            content = os.read(self._codes, CODE.size)
            os.close(self._codes)
            # Nothing: the preloaded process was ended, and nobody knows how its children did.
            self._code = CODE.unpack(content)[0] if content else -signal.SIGKILL
        return self._code


class _Nursery:
    """The preloaded process of this test run."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests = ours
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.support.preloaded", str(theirs.fileno())],
                cwd=Path(__file__).parents[2],
                env={name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
                | {"PYTHONPATH": str(Path(__file__).parents[2])},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        atexit.register(self.close)

    def fork(self, request: Mapping[str, object], output: int, errors: int) -> _Forked:
        read_end, write_end = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._requests, [json.dumps(request).encode()], [output, errors, write_end])
                answer = self._requests.recv(CODE.size)
        finally:
            os.close(write_end)
        assert answer, "the preloaded process has ended"
        return _Forked(CODE.unpack(answer)[0], read_end)

    def close(self) -> None:
        self._requests.close()
        self._process.wait(10)


_made: list[_Nursery] = []


def _nursery() -> _Nursery:
    if not _made:
        _made.append(_Nursery())
    return _made[0]


def signal_group(process: Process, number: signal.Signals) -> None:
    """The signal to the process and its children, while it lives: afterwards its number may be another's."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            # So young that it does not lead its group yet; or it has just ended.
            with suppress(ProcessLookupError):
                process.send_signal(number)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path | None, seconds: float
) -> subprocess.CompletedProcess[str]:
    """The command to its end; killed after ``seconds``."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = start(arguments, environment, output, errors, folder)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            process.wait()
            raise
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess(list(arguments), code, *said)
