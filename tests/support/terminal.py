"""A real pseudo-terminal, and what a person would see in it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pexpect
import pyte

from tests.support.waiting import wait_until

TREE = Path(__file__).parents[2]
CHANGEOVER = (sys.executable, "-P", "-m", "orchestrator.cli")


class Terminal:
    """Runs a program in a terminal of a size; ``lines`` is its screen."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        columns: int = 80,
        rows: int = 24,
        term: str = "xterm-256color",
    ) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            clean.pop(name, None)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        program, *arguments = command
        self._child = pexpect.spawn(
            program,
            arguments,
            env={**clean, "TERM": term, "LANG": "C.UTF-8", **environment},
            cwd=str(folder),
            dimensions=(rows, columns),
            timeout=None,
        )

    @property
    def lines(self) -> list[str]:
        """The screen now, without blanks at the ends of lines."""
        self._read()
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    def wait(self, *words: str, seconds: float = 20) -> str:
        """Until all these words are on the screen; the screen."""
        self.wait_for(lambda text: all(word in text for word in words), seconds)
        return self.text

    def wait_for(self, seen: Callable[[str], bool], seconds: float = 20) -> None:
        """Until the screen is as asked; the error shows it."""
        try:
            wait_until(lambda: seen(self.text), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from error

    def send(self, keys: str) -> None:
        """Press these keys."""
        self._child.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        """As a window manager does."""
        self._read()
        self.screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def end(self, seconds: float = 20) -> int:
        """Wait for the program's end; its exit code."""
        wait_until(lambda: self._has_ended(), seconds)
        self._child.close()
        code = self._child.exitstatus
        return int(code) if code is not None else -int(self._child.signalstatus)

    def kill(self, number: int) -> None:
        """Send the program a signal."""
        self._child.kill(number)

    def _has_ended(self) -> bool:
        self._read()
        return not self._child.isalive()

    def _read(self) -> None:
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            while not self._child.closed:
                data = self._child.read_nonblocking(65536, timeout=0)
                self.raw += data
                self._stream.feed(data)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close(force=True)
