"""Threads in which open streams read: a stream holds no share, so it takes none of the threads that shares count on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

AT_ONCE: Final = 8
_of_loop: Final = RunVar[CapacityLimiter]("stream reads")
T = TypeVar("T")


async def run_for_streams(read: Callable[[], T]) -> T:
    """What ``read`` answers, which blocks. Raises what it raises. A stop of the console waits for its end: what it
    reads with must not be closed before."""
    try:
        limiter = _of_loop.get()
    except LookupError:
        limiter = CapacityLimiter(AT_ONCE)
        _of_loop.set(limiter)
    return await to_thread.run_sync(read, limiter=limiter)
