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

    def ahead() -> list[float]:
        """How far wall clock of Redis, wall clock and monotonic clock of Python are ahead of our own."""
        assert python.stdin is not None
        assert python.stdout is not None
        python.stdin.write("\n")
        python.stdin.flush()
        wall, monotonic = map(float, python.stdout.readline().split())
        whole, micros = client.time()
        return [whole + micros / 1e6 - time.time(), wall - time.time(), monotonic - time.monotonic()]

    with redis.Redis.from_url(server.url()) as client:
        assert ahead() == pytest.approx([0.0, 0.0, 0.0], abs=0.2)
        clock.step(seconds)
        assert ahead() == pytest.approx([seconds, seconds, 0.0], abs=0.2)
        clock.set(0.0)
        assert ahead() == pytest.approx([0.0, 0.0, 0.0], abs=0.2)
    python.communicate()
    server.stop()
