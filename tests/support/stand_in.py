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
    # Set before any offspring, which inherits what is ignored.
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif mode == "good":
        # Held back until it is waited for: no moment at which it could get lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    announce(mode, role)
    while mode == "flood":
        sys.stdout.write("x" * 4096 + "\n")
    while mode == "stubborn":
        signal.pause()
    signal.sigwait({signal.SIGTERM})
    with redis.Redis.from_url(os.environ["CHANGEOVER_REDIS_URL"]) as client:
        client.rpush("stand-in:ended-or-started", f"{role} ended")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
