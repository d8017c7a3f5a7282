"""Many threads at one thing at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable


def hammer(act: Callable[[int], object], threads: int = 8, seconds: float = 60) -> None:
    """Runs ``act(number)`` in ``threads`` threads that begin together; fails when one does, or is not done in time."""
    together = threading.Barrier(threads)
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            together.wait(seconds)
            act(number)
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
            faults.append(error)

    hammering = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(threads)]
    for thread in hammering:
        thread.start()
    for thread in hammering:
        thread.join(seconds)
    assert not any(thread.is_alive() for thread in hammering), "still at it: a deadlock"
    if faults:
        raise faults[0]


def threads_named(name: str) -> list[threading.Thread]:
    """The threads of that name that live."""
    return [thread for thread in threading.enumerate() if thread.name == name]
