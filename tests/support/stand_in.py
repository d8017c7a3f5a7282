"""A child of ``changeover up`` that does nothing but say that it is there. Usage: ``stand_in.py MODE ROLE [options]``.

Modes: ``good``; ``stubborn`` ignores SIGTERM and has a child of its own that does so too; ``flood`` writes without end.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from urllib.parse import unquote, urlsplit


def tell(*commands: tuple[object, ...]) -> None:
    """Has the Redis of the environment do so. By hand: hundreds of these start, and most of a start would be loading a
    client."""
    url = urlsplit(os.environ["CHANGEOVER_REDIS_URL"])
    words = [unquote(word) for word in (url.username, url.password) if word]
    all_of_it = (*([("AUTH", *words)] if words else []), ("SELECT", url.path.strip("/") or "0"), *commands)
    with socket.create_connection((url.hostname, url.port or 6379)) as server, server.makefile("rb") as answers:
        for command in all_of_it:
            parts = [str(part).encode() for part in command]
            server.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))
            answer = answers.readline()
            assert answer.startswith((b"+", b":")), f"{command[0]}: {answer!r}"


def announce(mode: str, role: str) -> None:
    if mode == "stubborn":
        offspring = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        tell(("SADD", "stand-in:offspring", offspring.pid))
    tell(("SADD", f"stand-in:{role}", os.getpid()), ("RPUSH", "stand-in:ended-or-started", f"{role} started"))


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
    tell(("RPUSH", "stand-in:ended-or-started", f"{role} ended"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
