"""A wall clock that a test can step, for any process it starts: `LD_PRELOAD` of a few lines of C and a mapped file.

The process' monotonic clocks stay true, as they do when an operator or NTP sets a machine's clock.
"""

from __future__ import annotations

import atexit
import os
import shutil
import struct
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("clock_shim.c")


class SteppedClock:
    """One clock, for as many processes as are started with its ``environment``."""

    def __init__(self, folder: Path, name: str = "clock") -> None:
        """Skips the test where there is no C compiler; in CI that is a failure."""
        self._library = _library()
        self._file = folder / f"{name}.offset"
        self._offset_seconds = self._furthest_seconds = 0.0
        self.set(0.0)

    @property
    def environment(self) -> dict[str, str]:
        """What a process must be started with."""
        return {"LD_PRELOAD": str(self._library), "CHANGEOVER_TEST_CLOCK": str(self._file)}

    @property
    def offset_seconds(self) -> float:
        """How far the clock is ahead of the machine's."""
        return self._offset_seconds

    def set(self, offset_seconds: float) -> None:
        """From now on the clock is this far ahead of the machine's; running processes see it at once."""
        packed = struct.pack("=q", round(offset_seconds * 1_000_000))
        # In place: the processes have mapped this very file. Eight aligned bytes are written as one.
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(packed)
        self._offset_seconds = offset_seconds
        self._furthest_seconds = max(self._furthest_seconds, offset_seconds)

    def step(self, seconds: float) -> None:
        """The clock jumps: forward, or back when negative."""
        self.set(self._offset_seconds + seconds)

    def catch_up(self) -> None:
        """Puts it forward again to where it has been furthest: no time that it has told is to come any more."""
        self.set(self._furthest_seconds)


@lru_cache(maxsize=1)
def _library() -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        if os.environ.get("CI"):
            pytest.fail("no C compiler: the clock cannot be stepped; install gcc")
        pytest.skip("no C compiler (cc, gcc, clang): the clock cannot be stepped")
    folder = Path(tempfile.mkdtemp(prefix="changeover-clock-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "clock_shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library
