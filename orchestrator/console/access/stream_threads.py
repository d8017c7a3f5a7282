"""Threads in which open streams read: a stream holds no turn, so it takes none of the threads that turns count on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

AT_ONCE: Final = 8
_threads: Final = ThreadPoolExecutor(AT_ONCE, "stream-reads")
T = TypeVar("T")


async def run_for_streams(read: Callable[[], T]) -> T:
    """What ``read`` answers, which blocks. Raises what it raises."""
    return await asyncio.get_running_loop().run_in_executor(_threads, read)
