"""The workers and coordinators of a run, kept alive as a supervisor would."""

from __future__ import annotations

import signal
from typing import Final

from tests.support.clock_shim import SteppedClock
from tests.support.fault_world import FaultWorld
from tests.support.processes import Process, signal_group

POOLS: Final = ("threads", "prefork")


class Crew:
    """``clocks`` are those of the first workers; the others have the machine's."""

    def __init__(self, world: FaultWorld, *, workers: int, coordinators: int, clocks: tuple[SteppedClock, ...]) -> None:
        self._world = world
        self._clocks = clocks
        self._frozen: list[Process] = []
        self.lost_workers = 0
        """Workers that have ended, in whatever way."""
        self.workers: list[Process] = [self._start_worker(i) for i in range(workers)]
        self.coordinators: list[Process] = [world.cluster.start_coordinator() for _ in range(coordinators)]
        world.cluster.wait_alive([*self.workers, *self.coordinators])

    def kill(self, process: Process) -> None:
        """SIGKILL, to its children too."""
        self._world.cluster.kill(process)

    def freeze(self, process: Process) -> None:
        """Past its lease, now and then; one at a time, the one before goes on."""
        self.calm()
        if process.poll() is None:
            signal_group(process, signal.SIGSTOP)
            self._frozen.append(process)

    def calm(self) -> None:
        """Lets everything go on: frozen processes continue, dead ones are started again."""
        for process in self._frozen:
            if process.poll() is None:
                signal_group(process, signal.SIGCONT)
        self._frozen.clear()
        self.supervise()

    def supervise(self) -> None:
        """Starts again what has ended, whatever ended it."""
        for i, process in enumerate(self.workers):
            if process.poll() is not None:
                self.lost_workers += 1
                self.workers[i] = self._start_worker(i)
        for i, process in enumerate(self.coordinators):
            if process.poll() is not None:
                self.coordinators[i] = self._world.cluster.start_coordinator()

    def _start_worker(self, place: int) -> Process:
        settings = self._clocks[place].environment if place < len(self._clocks) else None
        return self._world.cluster.start_worker(pool=POOLS[place % 2], concurrency=4, settings=settings)
