"""What a signal asks for, done outside its handler.

A handler runs between any two instructions of the main thread, which may hold a lock that the handler would wait for,
or be half-way through the very start that the handler stops. So a handler of ours does one thing, which is safe at any
instruction and in another handler: it puts a word into a ``SimpleQueue`` (reentrant, as the standard library says). A
thread that waits for the word does the rest, and takes the locks that everybody takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class StopRequest:
    """Calls ``does`` once, on a thread of its own, when it was asked and has been started, in whichever order."""

    def __init__(self, name: str, does: Callable[[], object]) -> None:
        self._does = does
        self._words: SimpleQueue[None] = SimpleQueue()
        self._thread = threading.Thread(target=self._wait, name=name, daemon=True)
        self._was_asked = False

    def ask(self) -> None:
        """From anywhere: a signal's handler, any thread, any number of times."""
        self._was_asked = True
        self._words.put(None)

    def start(self) -> None:
        """From now on somebody listens. Once; not from a handler."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Waits, so long at most, until what was asked for is done; nothing was: not at all. Not from a handler."""
        if self._was_asked and self._thread.is_alive():
            self._thread.join(seconds)

    def _wait(self) -> None:
        self._words.get()
        self._does()
