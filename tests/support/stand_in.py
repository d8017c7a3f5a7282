"""A child of ``changeover up`` that does nothing but say that it is there. Usage: ``stand_in.py MODE ROLE [options]``.

Modes: ``good``; ``stubborn`` ignores SIGTERM and has a child of its own that does so too; ``flood`` writes without end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import redis


def announce(mode: str, role: str) -> None:
    with redis.Redis.from_url(os.environ["CHANGEOVER_REDIS_URL"]) as client:
        if mode == "stubborn":
            offspring = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            client.sadd("stand-in:offspring", offspring.pid)
        client.sadd(f"stand-in:{role}", os.getpid())
        client.rpush("stand-in:ended-or-started", f"{role} started")


def main(mode: str, role: str) -> None:
    def end(_number: int, _frame: object) -> None:
        with redis.Redis.from_url(os.environ["CHANGEOVER_REDIS_URL"]) as client:
            client.rpush("stand-in:ended-or-started", f"{role} ended")
        sys.exit(0)

    # Set before any offspring, which inherits what is ignored.
    signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "stubborn" else end)
    announce(mode, role)
    while mode == "flood":
        sys.stdout.write("x" * 4096 + "\n")
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
