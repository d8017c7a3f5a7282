"""The faults, each a method; which comes when is drawn from one seeded source, so that a run can be told again."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable
from typing import Final

from tests.chaos.proxy import TcpProxy
from tests.support.fault_world import FaultWorld
from tests.support.processes import Process, signal_group
from tests.support.waiting import wait_until

POOLS: Final = ("threads", "prefork")


class FaultInjector:
    """Keeps ``workers`` and ``coordinators`` processes alive as a supervisor would, and breaks them and their world."""

    def __init__(
        self, world: FaultWorld, seed: int, *, workers: int, coordinators: int, proxy: TcpProxy | None = None
    ) -> None:
        self._world = world
        self._chance = random.Random(seed)
        self._proxy = proxy
        self._pause = threading.Event()
        self.workers: list[Process] = [self._start_worker(POOLS[i % 2]) for i in range(workers)]
        self.coordinators: list[Process] = [world.cluster.start_coordinator() for _ in range(coordinators)]
        self._frozen: list[Process] = []
        self.done: list[str] = []
        world.cluster.wait_alive([*self.workers, *self.coordinators])

    @property
    def kinds(self) -> dict[str, Callable[[], None]]:
        """Every kind of fault by name."""
        found: dict[str, Callable[[], None]] = {
            "kill-worker": self.kill_worker,
            "kill-coordinator": self.kill_coordinator,
            "freeze-worker": lambda: self.freeze(self.workers),
            "freeze-coordinator": lambda: self.freeze(self.coordinators),
            "restart-redis": self.restart_redis,
            "cut-connections": self.cut_connections,
            "flush-scripts": self.flush_scripts,
            "double-messages": self.double_messages,
            "drop-messages": self.drop_messages,
            "flush-broker": self.flush_broker,
            "stop-worker": self.stop_worker,
            "fill-redis": self.fill_redis,
            "slow-disk": self.slow_disk,
        }
        if self._proxy is not None:
            found |= {"drop-network": self._proxy.drop, "slow-network": self.slow, "black-hole": self.black_hole}
        return found

    def run(self, faults: int, *, until: Callable[[], bool], pause_seconds: float) -> None:
        """Injects this many faults, every kind in turn in a drawn order, or fewer if ``until`` says so first."""
        order: list[str] = []
        while len(self.done) < faults and not until():
            if not order:
                order = sorted(self.kinds)
                self._chance.shuffle(order)
            name = order.pop()
            print(f"fault {len(self.done) + 1}: {name}", flush=True)
            self.kinds[name]()
            self.done.append(name)
            self._pause.wait(self._chance.uniform(0.3, 1.0) * pause_seconds)
            self.supervise()

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
                self.workers[i] = self._start_worker(POOLS[i % 2])
        for i, process in enumerate(self.coordinators):
            if process.poll() is not None:
                self.coordinators[i] = self._world.cluster.start_coordinator()

    def kill_worker(self) -> None:
        self._world.cluster.kill(self._chance.choice(self.workers))

    def kill_coordinator(self) -> None:
        self._world.cluster.kill(self._chance.choice(self.coordinators))

    def stop_worker(self) -> None:
        """As a rolling update does; a frozen one cannot hear it yet."""
        self._chance.choice(self.workers).terminate()

    def freeze(self, processes: list[Process]) -> None:
        """Past its lease, now and then; one at a time, the one before goes on."""
        self.calm()
        process = self._chance.choice(processes)
        if process.poll() is None:
            signal_group(process, signal.SIGSTOP)
            self._frozen.append(process)

    def restart_redis(self) -> None:
        self._world.server.kill()
        self._pause.wait(self._chance.uniform(0.1, 2.0))
        self._world.server.start()

    def fill_redis(self) -> None:
        """For a while it answers and takes no write."""
        self._world.redis.config_set("maxmemory", 1)
        self._pause.wait(self._chance.uniform(0.5, 3.0))
        self._world.redis.config_set("maxmemory", 0)

    def slow_disk(self) -> None:
        """A delayed fsync, as clients see it: the server stands still in its write, then goes on."""
        process = self._world.server.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        self._pause.wait(self._chance.uniform(0.5, 3.0))
        process.send_signal(signal.SIGCONT)

    def cut_connections(self) -> None:
        for kind in ("normal", "pubsub"):
            self._world.redis.client_kill_filter(_type=kind, skipme=True)

    def flush_scripts(self) -> None:
        self._world.redis.script_flush()

    def flush_broker(self) -> None:
        self._world.broker.flushdb()

    def _queues(self) -> list[bytes]:
        return [
            key for key in self._world.broker.scan_iter(match="*:lane-*") if self._world.broker.type(key) == b"list"
        ]

    def double_messages(self) -> None:
        """Everything that waits in the broker's queues waits twice."""
        for key in self._queues():
            for message in self._world.broker.lrange(key, 0, -1):
                self._world.broker.lpush(key, message)

    def drop_messages(self) -> None:
        """Half of what waits is lost."""
        for key in self._queues():
            for _ in range((self._world.broker.llen(key) + 1) // 2):
                self._world.broker.lpop(key)

    def slow(self) -> None:
        assert self._proxy is not None
        self._proxy.delay(0.2)
        self._pause.wait(2)
        self._proxy.delay(0)

    def black_hole(self) -> None:
        assert self._proxy is not None
        self._proxy.black_hole(True)
        self._pause.wait(self._chance.uniform(0.5, 4.0))
        self._proxy.black_hole(False)

    def _start_worker(self, pool: str) -> Process:
        return self._world.cluster.start_worker(pool=pool, concurrency=4)


def wait_ended(injector: FaultInjector, is_over: Callable[[], bool], seconds: float) -> None:
    """Waits with a supervisor at work."""

    def over() -> bool:
        injector.supervise()
        return is_over()

    wait_until(over, seconds, "the plan has not ended")
