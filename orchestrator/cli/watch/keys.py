"""Keys from a terminal, one by one, without Enter; the terminal is as before when it ends, however it ends."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Protocol


class KeySource(Protocol):
    """Where keys come from."""

    def wait(self, seconds: float) -> list[str]:
        """The keys that came by then; returns with the first. A character, or a name such as ``pagedown``, ``c-c``."""


class TerminalKeys:
    """Reads a terminal in raw mode. Ctrl-C is a key there."""

    def __init__(self, source: object) -> None:
        from prompt_toolkit.input.vt100 import Vt100Input

        self._input = Vt100Input(source)  # type: ignore[arg-type]

    def wait(self, seconds: float) -> list[str]:
        if select.select([self._input.fileno()], [], [], seconds)[0]:
            found = self._input.read_keys()
        else:
            # An Escape that nothing follows is a key; in the middle of a sequence it is not.
            found = self._input.flush_keys()
        return [key.data if len(key.data) == 1 and key.data.isprintable() else _name(key.key) for key in found]

    @contextmanager
    def raw(self) -> Iterator[None]:
        with self._input.raw_mode():
            yield


class NoKeys:
    """For a screen whose standard input is no terminal."""

    def wait(self, seconds: float) -> list[str]:
        select.select([], [], [], seconds)
        return []


@contextmanager
def open_keys() -> Iterator[KeySource]:
    """The keys of standard input, if it is a terminal."""
    terminal = TerminalKeys(sys.stdin) if sys.stdin is not None and os.isatty(sys.stdin.fileno()) else None
    with nullcontext() if terminal is None else terminal.raw():
        yield terminal or NoKeys()


def _name(key: object) -> str:
    return str(getattr(key, "value", key))
