"""The stepped clock moves what a process takes for the time of day, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from tests.support.clock_shim import SteppedClock
from tests.support.redis_server import RedisServer

ASK = "import sys, time; [print(time.time(), time.monotonic(), flush=True) for _ in sys.stdin]"
ROUNDED = 0.001
"""Redis tells whole microseconds, and a step is one of whole microseconds."""


@pytest.mark.parametrize("seconds", [-3600.0, 600.0, 0.25])
def test_redis_and_python_see_a_step_at_once_and_their_monotonic_clocks_do_not(tmp_path: Path, seconds: float) -> None:
    clock = SteppedClock(tmp_path)
    server = RedisServer(tmp_path, databases=1, environment=clock.environment)
    server.start()
    python = subprocess.Popen(
        [sys.executable, "-c", ASK],
        env=os.environ | clock.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def are_ahead(*seconds: float) -> None:
        """Wall clock of Redis, wall clock and monotonic clock of Python are ahead of our own by just so much: each said
        something that our own said between question and answer, however long that took."""
        assert python.stdin is not None
        assert python.stdout is not None
        before = (time.time(), time.time(), time.monotonic())
        python.stdin.write("\n")
        python.stdin.flush()
        wall, monotonic = map(float, python.stdout.readline().split())
        whole, micros = client.time()
        after = (time.time(), time.time(), time.monotonic())
        said = (whole + micros / 1e6, wall, monotonic)
        for ahead, earliest, told, latest in zip(seconds, before, said, after, strict=True):
            assert earliest - ROUNDED <= told - ahead <= latest + ROUNDED

    with redis.Redis.from_url(server.url()) as client:
        are_ahead(0.0, 0.0, 0.0)
        clock.step(seconds)
        are_ahead(seconds, seconds, 0.0)
        clock.set(0.0)
        are_ahead(0.0, 0.0, 0.0)
    python.communicate()
    server.stop()


def test_a_clock_that_catches_up_tells_no_time_twice(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path)
    for seconds in (60.0, -3600.0, 600.0):
        clock.step(seconds)
    clock.catch_up()
    assert clock.offset_seconds == 60.0
