"""All secrets that a process can find, whether it resolves them or not: what it masks.

A service tells anybody what it was sent, and who asks it next is another process than the one that sent it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from orchestrator.domain.printable import is_unicode
from orchestrator.secrets.folder import NAME, SecretFolder, Stamp
from orchestrator.secrets.kept_values import KeptValues
from steps.expressions.sandbox import NameFault

ENVIRONMENT_PREFIX: Final = "CHANGEOVER_SECRET_"

SHARE: Final = 100
"""Looks at the folder take a hundredth of the time at most, and looks at its files another."""

UNSETTLED_SECONDS: Final = 2.0
"""A file that was written so lately may be written once more and have the same stamp."""


class SecretSource:
    """The folder and the variables. A value that is gone stays known while there is room: services may still tell it.
    The caller sees to it that one thread looks at a time."""

    def __init__(self, folder: SecretFolder, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = environment
        self._folder_stamp: Stamp | None = None
        self._stamps: dict[str, Stamp] = {}
        self._again_at = self._folder_again_at = 0.0
        self._kept = KeptValues()
        self._held: dict[str, str] = {}
        """What each file says that is kept."""
        self._beyond: set[str] = set()
        """Names of the files for which there was no room."""

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

    def look(self, tell: Callable[[list[str], list[str]], None]) -> int:
        """Tells what has come since the last time, and what was forgotten for it, the oldest of what is gone. Once it
        has told, and not before, ``is_due`` says no. Answers how many were forgotten."""
        began, wall = time.monotonic(), time.time()
        folder_stamp, stamps = self.folder.stamp(), self.folder.stamps()
        changed = [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]
        held = {name: value for name, value in self._held.items() if name in stamps}
        held |= {name: self._of_file(name) or "" for name in changed}
        kept = self._kept.copy()
        new, forgotten, beyond = kept.take(filter(is_unicode, (*self._of_environment(), *held.values())))
        tell(new, forgotten)
        unread = (self._beyond - set(changed)) & stamps.keys()
        self._beyond = unread | {name for name in changed if held[name] in beyond}
        # Those that had no room may have some now.
        again = unread if forgotten or kept.has_gone() else set()
        self._kept, self._held = kept, {name: value for name, value in held.items() if value not in beyond}
        self._stamps = {name: one for name, one in stamps.items() if name not in again and not _is_unsettled(one, wall)}
        self._folder_stamp = folder_stamp
        self._again_at = time.monotonic() + SHARE * (time.monotonic() - began)
        return len(forgotten)

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


def own_source(folder: SecretFolder) -> SecretSource:
    """Of this process: its own variables beside the folder."""
    return SecretSource(folder, os.environ)


def _is_unsettled(stamp: Stamp, now: float) -> bool:
    *_, written, changed = stamp
    return now - max(written, changed) / 1e9 < UNSETTLED_SECONDS
