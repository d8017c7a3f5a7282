"""That a worker is to stop, seen in all its processes: a stop reaches only the main one, stages run in a pool's too."""

from __future__ import annotations

import mmap
import threading


class StopFlag(threading.Event):
    """One byte that processes share which are forked after ``share``, whenever that is; asked, never waited for.

    ``set`` is of this process alone: one of a pool leaves when its tasks are used up, and the others go on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._everywhere = mmap.mmap(-1, 1)

    def share(self) -> None:
        """Called in the main process of a worker, which another program may have forked with its own workers."""
        self._everywhere = mmap.mmap(-1, 1)

    def set_everywhere(self) -> None:
        """In this process and all that are or will be forked from it. Never taken back: the main process ends."""
        self._everywhere[0] = 1
        self.set()

    def is_set(self) -> bool:
        return super().is_set() or self._everywhere[0] == 1
