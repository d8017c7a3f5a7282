"""Chains of no-op tasks on plain Celery: what our own rate is a ratio to."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from benchmarks.cpu import children_of, cpu_seconds
from benchmarks.place import Crew
from benchmarks.plain_app import RESULTS
from tests.support.place import Place
from tests.support.waiting import wait_until

LOOK_SECONDS = 0.004
"""How often the broker is asked whether all chains are done."""


class PlainCelery:
    """A publisher and its workers; made by ``plain_celery``."""

    def __init__(self, place: Place, pids: list[int], results: str | None) -> None:
        self._place = place
        self._pids = pids
        self._broker = redis.Redis.from_url(place.broker_url)
        # ``celeryconfig`` reads the environment when it is imported.
        with _environment(place):
            import celeryconfig

            importlib.reload(celeryconfig)
            from celery import Celery

            self._app = Celery("plain-publisher")
            # A copy: another yardstick of this process reloads the module.
            self._app.conf.update({name: value for name, value in vars(celeryconfig).items() if name[0] != "_"})
            self._app.conf.task_routes = None
            self._app.conf.broker_transport = "redis"
            self._app.conf.result_backend = results
            self._app.conf.task_ignore_result = results is None
            self._app.finalize()
        self._prefix = f"changeover:{place.namespace}:"

    def wait_ready(self, workers: int) -> None:
        """Returns when all workers answer."""
        wait_until(lambda: len(self._app.control.ping(timeout=0.5) or []) == workers, 60)

    def run(self, chains: int, links: int, redis_pid: int) -> tuple[float, float, float]:
        """Links a second from the first publish to the last task; ms of CPU time a link, of workers and of Redis."""
        from celery import chain

        groups = (children_of(self._pids), [redis_pid])
        # Parts of a chain ask for the current application, and there are two of them here.
        self._app.set_current()
        started, before = time.perf_counter(), [cpu_seconds(pids) for pids in groups]
        signature = self._app.signature("plain.noop", immutable=True)
        with self._app.producer_pool.acquire(block=True) as producer:
            for _ in range(chains):
                chain(*[signature.clone() for _ in range(links)]).apply_async(producer=producer)
        # Twice in a row: between a pop and its note in `unacked` a message is in neither.
        empty = 0
        while empty < 2:
            empty = 0 if self._broker.exists(f"{self._prefix}lane-0", f"{self._prefix}unacked") else empty + 1
            time.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - started
        count = chains * links
        workers, server = (1000 * (cpu_seconds(pids) - was) / count for pids, was in zip(groups, before, strict=True))
        return count / seconds, workers, server

    def close(self) -> None:
        """Gives back the connections."""
        self._app.close()
        self._broker.close()


@contextmanager
def plain_celery(place: Place, crew: Crew, results: str | None) -> Iterator[PlainCelery]:
    """Workers of the yardstick; ``results`` is the URL of their backend, None when results are ignored."""
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.plain_app", "worker", "--loglevel", "WARNING"]
    command += ["--pool", crew.pool, "--concurrency", str(crew.concurrency), "-Q", "lane-0"]
    processes = [
        subprocess.Popen(
            [*command, "-n", f"plain{index}@{place.namespace}"],
            env=os.environ | place.environment() | ({RESULTS: results} if results else {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for index in range(crew.workers)
    ]
    celery = PlainCelery(place, [process.pid for process in processes], results)
    try:
        yield celery
    finally:
        celery.close()
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(timeout=30)


@contextmanager
def _environment(place: Place) -> Iterator[None]:
    old = dict(os.environ)
    os.environ.update(place.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)
