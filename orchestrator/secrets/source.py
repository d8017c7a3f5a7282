"""All secrets that a process can find, whether it resolves them or not: what it masks.

A service tells anybody what it was sent, and who asks it next is another process than the one that sent it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from orchestrator.secrets.folder import NAME, SecretFolder, Stamp
from steps.expressions.sandbox import NameFault

ENVIRONMENT_PREFIX: Final = "CHANGEOVER_SECRET_"

SHARE: Final = 100
"""Looks at the folder take a hundredth of the time at most, and looks at its files another."""

UNSETTLED_SECONDS: Final = 2.0
"""A file that was written so lately may be written once more and have the same stamp."""

MOST_CHARACTERS: Final = 4 * 1024 * 1024
"""Of all values together: each is kept in some twenty forms. What is beyond is masked once it is resolved."""


class SecretSource:
    """The folder and the variables. A value that is gone stays known: services may still tell it. The caller sees to
    it that one thread looks at a time."""

    def __init__(self, folder: SecretFolder, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = environment
        self._folder_stamp: Stamp | None = None
        self._stamps: dict[str, Stamp] = {}
        self._again_at = self._folder_again_at = 0.0
        self._left = MOST_CHARACTERS
        self._began = False

    def is_due(self) -> bool:
        """Whether there may be a value that ``look`` has not told. Asked before each text that is masked."""
        now = time.monotonic()
        if now >= self._again_at:
            return True
        if now < self._folder_again_at:
            return False
        if self.folder.stamp() != self._folder_stamp:
            return True
        self._folder_again_at = now + SHARE * (time.monotonic() - now)
        return False

    def look(self, tell: Callable[[list[str]], None]) -> None:
        """Tells what has come since the last time. Once it has told, and not before, ``is_due`` says no."""
        began, wall = time.monotonic(), time.time()
        folder_stamp, stamps = self.folder.stamp(), self.folder.stamps()
        found = [] if self._began else list(self._of_environment())
        changed = [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]
        found += [value for name in changed if (value := self._of_file(name)) is not None]
        tell(list(self._within_bounds(found)))
        self._stamps = {name: stamp for name, stamp in stamps.items() if not _is_unsettled(stamp, wall)}
        self._began, self._folder_stamp = True, folder_stamp
        self._again_at = time.monotonic() + SHARE * (time.monotonic() - began)

    def _of_environment(self) -> Iterator[str]:
        for name, value in self._environment.items():
            if name.startswith(ENVIRONMENT_PREFIX) and NAME.fullmatch(name.removeprefix(ENVIRONMENT_PREFIX)):
                yield value

    def _of_file(self, name: str) -> str | None:
        try:
            return self.folder.read(name)
        except NameFault:
            # Nobody can resolve it either.
            return None

    def _within_bounds(self, values: list[str]) -> Iterator[str]:
        for value in values:
            if is_text(value) and len(value) <= self._left:
                self._left -= len(value)
                yield value


def is_text(value: str) -> bool:
    """Whether it can be sent at all: a variable may hold bytes that are no UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def own_source(folder: SecretFolder) -> SecretSource:
    """Of this process: its own variables beside the folder."""
    return SecretSource(folder, os.environ)


def _is_unsettled(stamp: Stamp, now: float) -> bool:
    *_, written, changed = stamp
    return now - max(written, changed) / 1e9 < UNSETTLED_SECONDS
