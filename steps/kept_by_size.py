"""What was made from text and is likely to be asked for again: bounded by number and by size.

A bound on the number alone is none on memory: the text comes from plans, and each may be as long as it may be.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class KeptBySize(Generic[K, V]):
    """The most recently used values; safe to share between threads.

    A value weighs what its caller says: the characters of the text that it was made from, which costs nothing to know
    and grows with what it holds. The newest is kept whatever it weighs: whoever put it there is at work with it.
    """

    def __init__(self, most: int, most_characters: int) -> None:
        """``most`` values that weigh at most ``most_characters`` together, but for the newest."""
        self._most = most
        self._most_characters = most_characters
        self._lock = threading.Lock()
        self._found: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._characters = 0

    def get(self, key: K) -> V | None:
        """The value, now the newest; None when it is not kept (any more)."""
        with self._lock:
            if key not in self._found:
                return None
            self._found.move_to_end(key)
            return self._found[key][0]

    def put(self, key: K, value: V, characters: int) -> None:
        """Keep a value, and forget those that were not asked for the longest while there is too much."""
        with self._lock:
            _, before = self._found.pop(key, (None, 0))
            self._found[key] = (value, characters)
            self._characters += characters - before
            while len(self._found) > 1 and (len(self._found) > self._most or self._characters > self._most_characters):
                _, (_, forgotten) = self._found.popitem(last=False)
                self._characters -= forgotten

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._found.clear()
            self._characters = 0

    @property
    def characters(self) -> int:
        """What all that is kept weighs."""
        with self._lock:
            return self._characters

    def __len__(self) -> int:
        with self._lock:
            return len(self._found)
