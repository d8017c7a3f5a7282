"""``python -m tests.rolling`` (``make rolling``): real processes of an earlier commit beside those of this tree.

On one ledger and broker, each mix of coordinators and workers moves a plan of some tenants through polls to its end,
paused and resumed by this tree's client on the way. The older tree is a worktree of its own, run by this one's Python.
Exit code 1 when a mix did not go well: the plan not COMPLETED, never PAUSED, a process that ended, a worker without
work, or a history that does not hold.
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
from orchestrator.domain.status import PlanState
from orchestrator.history import check_history, read_dump
from orchestrator.ledger.connection import connect
from orchestrator.ledger.keys import Keys
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.presence import alive
from orchestrator.ledger.purges import Purges
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


def run_mix(name: str, older: Path, folder: Path) -> tuple[bool, str]:
    """One mix; answers whether all went well, and what became of it."""
    folder.mkdir()
    server = RedisServer(folder, databases=2)
    server.start()
    namespace = "rolling"
    urls = {"CHANGEOVER_REDIS_URL": server.url(0), "CHANGEOVER_BROKER_URL": server.url(1)}
    environment = {**os.environ, **urls, "CHANGEOVER_NAMESPACE": namespace, "CHANGEOVER_LOG_FORMAT": "json"}
    instances = TenantInstances(server.url(0))
    processes: list[subprocess.Popen[bytes]] = []
    logs: list[Path] = []

    def start(which: str, *arguments: str) -> None:
        tree = older if which == "old" else TREE
        logs.append(folder / f"{len(processes)}-{which}-{arguments[0]}.log")
        log = logs[-1].open("wb")
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
        with Client(settings) as client, connect(server.url(0), patient=True) as ledger:
            for which in coordinators:
                start(which, "coordinator")
            for number, which in enumerate(workers):
                start(which, "worker", "--pool", "threads", "--concurrency", "2", "-n", f"w{number}@{which}")
            wait_until(lambda: len(alive(ledger, Keys(namespace))) == len(processes), 30, "not all of them live")
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
            wait_until(lambda: client.summary("p").status == PlanState.PAUSED, 60)
            client.resume(plan_id="p")
            summary = client.wait("p", timeout_seconds=120)
            # A coordinator of today does so for what an older worker ended.
            Purges(Ledger(ledger, settings)).note_ended(["p"])
            dump = read_dump(ledger, Keys(namespace))
            report = check_history(list(client.events()), dump)
            wrong = [
                f"{log.name} has ended" for log, one in zip(logs, processes, strict=True) if one.poll() is not None
            ]
            wrong += [
                f"{log.name} did nothing"
                for log in logs[len(coordinators) :]
                if b'"taskId": "p.' not in log.read_bytes()
            ]
            is_well = report.holds and summary.status == PlanState.COMPLETED and not wrong
            return is_well, "; ".join([summary.status, str(report), *wrong])
    except (AssertionError, TimeoutError) as error:
        return False, f"{error}; see {folder}"
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        instances.close()
        server.stop()


def main() -> int:
    """Each mix in turn."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--commit", default=BEFORE, help="the older release")
    options.add_argument("--only", choices=list(MIXES), help="one mix")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="changeover-rolling-"))
    code = 0
    with older_tree(given.commit, folder) as older:
        for name in [given.only] if given.only else MIXES:
            started = time.monotonic()
            is_well, said = run_mix(name, older, folder / name.replace(" ", "-").replace(",", ""))
            code = code if is_well else 1
            outcome = f"{'' if is_well else 'NOT WELL: '}{said} ({time.monotonic() - started:.0f} s)"
            print(f"{given.commit} beside this tree, {name}: {outcome}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
