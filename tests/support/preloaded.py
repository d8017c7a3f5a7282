"""A process that has loaded everything and forks: what starts from it starts in milliseconds.

``python -m tests.support.preloaded FD``: on the socket come requests, each with three descriptors (standard output,
standard error, and a pipe that takes the exit code); the answer is the pid. A child has a session of its own and runs
exactly what the command would run; it ends as an interpreter ends. Nothing that reads the environment when it is
imported is loaded here: the child does that itself. ``processes`` is the other end.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import random
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

LIBRARIES = (
    *("celery.bin.celery", "celery.bin.worker", "celery.apps.worker", "celery.app.trace", "celery.worker.consumer"),
    *("celery.concurrency.thread", "celery.concurrency.prefork", "kombu.transport.redis", "httpx", "rich.live"),
)
READ_THE_ENVIRONMENT = ("workers.app", "workers.tasks", "workers.__main__", "celeryconfig")
CODE = struct.Struct("i")


def serve(requests: socket.socket) -> Callable[[], Any] | None:
    """Until the other end is gone: None. In a child: what it is to run."""
    load()
    wake_out, wake_in = os.pipe()
    os.set_blocking(wake_in, False)
    signal.set_wakeup_fd(wake_in)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    codes: dict[int, int] = {}
    while True:
        ready = select.select([requests.fileno(), wake_out], [], [])[0]
        if wake_out in ready:
            os.read(wake_out, 4096)
            reap(codes)
        if requests.fileno() not in ready:
            continue
        content, descriptors, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not content:
            return None
        output, errors, code = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (wake_out, wake_in, code, *codes.values()):
                os.close(descriptor)
            requests.close()
            return child(json.loads(content), output, errors)
        codes[pid] = code
        os.close(output)
        os.close(errors)
        requests.send(CODE.pack(pid))


def load() -> None:
    """Imports what a coordinator, a worker or a command needs, and assembles the scripts that they call."""
    for package in ("steps", "checkpoint", "orchestrator", "workers"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if module.name not in READ_THE_ENVIRONMENT and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for library in LIBRARIES:
        importlib.import_module(library)
    importlib.import_module("orchestrator.cli.app").command()
    source = importlib.import_module("orchestrator.ledger.script_source")
    for name in source.script_names():
        source.named_script(name)
    gc.collect()
    gc.freeze()


def reap(codes: dict[int, int]) -> None:
    """Tells of every child that has ended."""
    while codes:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        os.write(codes[pid], CODE.pack(os.waitstatus_to_exitcode(status)))
        os.close(codes.pop(pid))


def child(request: dict[str, Any], output: int, errors: int) -> Callable[[], Any]:
    """Makes the fork a process like any other; answers what it is to run."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.path[:0] = [path for path in request["environment"].get("PYTHONPATH", "").split(os.pathsep) if path]
    random.seed()
    # Reads the environment when it is imported, and is looked up at each use.
    importlib.reload(importlib.import_module("orchestrator.observability.crash_points"))
    arguments: list[str] = request["arguments"]
    sys.argv = ["changeover", *arguments]
    # That of workers is what `changeover worker` becomes; it has nothing to find out here, since the environment names
    # both servers.
    return lambda: importlib.import_module(request["module"]).main(arguments)


if __name__ == "__main__":
    run = serve(socket.socket(fileno=int(sys.argv[1])))
    if run is not None:
        sys.exit(run())
