"""``python -m tests.rolling`` (``make rolling``): real processes of an earlier commit beside those of this tree.

On one ledger and broker, each mix of coordinators and workers moves a plan of some tenants through polls to its end,
paused and resumed by this tree's client on the way. The older tree is a worktree of its own, run by this one's Python.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from orchestrator.client import Client
from orchestrator.history import check_history, read_dump
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import load_settings
from tests.support.plans import CONFIG_WRITE, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.tenant_instances import TenantInstances
from tests.support.waiting import wait_until

TREE: Final = Path(__file__).parents[1]
BEFORE: Final = "8025f3e"
"""The release before forms had numbers."""
MIXES: Final = {
    "old worker, new coordinator": (["new"], ["old"]),
    "both workers, new coordinator": (["new"], ["old", "new"]),
    "new worker, old coordinator": (["old"], ["new"]),
    "both of both": (["old", "new"], ["old", "new"]),
}


@contextmanager
def older_tree(commit: str, folder: Path) -> Iterator[Path]:
    """A worktree of the commit, taken away in the end."""
    path = folder / "older"
    subprocess.run(["git", "-C", str(TREE), "worktree", "add", "--detach", str(path), commit], check=True)
    try:
        yield path
    finally:
        subprocess.run(["git", "-C", str(TREE), "worktree", "remove", "--force", str(path)], check=True)


def run_mix(name: str, older: Path, folder: Path) -> str:
    """One mix; answers what became of it."""
    folder.mkdir()
    server = RedisServer(folder, databases=2)
    server.start()
    namespace = "rolling"
    urls = {"CHANGEOVER_REDIS_URL": server.url(0), "CHANGEOVER_BROKER_URL": server.url(1)}
    environment = {**os.environ, **urls, "CHANGEOVER_NAMESPACE": namespace, "CHANGEOVER_LOG_FORMAT": "json"}
    instances = TenantInstances(server.url(0))
    processes: list[subprocess.Popen[bytes]] = []

    def start(which: str, *arguments: str) -> None:
        tree = older if which == "old" else TREE
        log = (folder / f"{len(processes)}-{which}-{arguments[0]}.log").open("wb")
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "orchestrator.cli", *arguments],
                cwd=tree,
                env={**environment, "PYTHONPATH": str(tree)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )

    coordinators, workers = MIXES[name]
    try:
        os.environ.update(urls, CHANGEOVER_NAMESPACE=namespace)
        settings = load_settings()
        with Client(settings) as client:
            for which in coordinators:
                start(which, "coordinator")
            for number, which in enumerate(workers):
                start(which, "worker", "--pool", "threads", "--concurrency", "2", "-n", f"w{number}@{which}")
            stages = [
                {"name": "write", "steps": [CONFIG_WRITE]},
                {"name": "wait", "steps": [{"type": "health-check", "interval_seconds": 0.3, "max_attempts": 50}]},
                {"name": "end", "steps": [{"type": "noop"}]},
            ]
            tenants = [tenant(f"t{number}", instances, 1) for number in range(12)]
            instances.polls_needed = {f"t{number}/a": 4 for number in range(12)}
            client.submit(plan("p", tenants, stages, 4))
            wait_until(lambda: client.summary("p").counts.get("COMPLETED", 0) >= 2, 60)
            client.pause(plan_id="p", reason="a try")
            wait_until(lambda: client.summary("p").status in ("PAUSED", "COMPLETED"), 60)
            client.resume(plan_id="p")
            summary = client.wait("p", timeout_seconds=120)
            dump = read_dump(connect(server.url(0), patient=True), Keys(namespace))
            report = check_history(list(client.events()), dump)
            return f"{summary.status}; {report}"
    except (AssertionError, TimeoutError) as error:
        return f"NOT WELL: {error}; see {folder}"
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        instances.close()
        server.stop()


def main() -> None:
    """Each mix in turn."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--commit", default=BEFORE, help="the older release")
    options.add_argument("--only", choices=list(MIXES), help="one mix")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="changeover-rolling-"))
    with older_tree(given.commit, folder) as older:
        for name in [given.only] if given.only else MIXES:
            started = time.monotonic()
            outcome = run_mix(name, older, folder / name.replace(" ", "-").replace(",", ""))
            print(
                f"{given.commit} beside this tree, {name}: {outcome} ({time.monotonic() - started:.0f} s)", flush=True
            )


if __name__ == "__main__":
    main()
