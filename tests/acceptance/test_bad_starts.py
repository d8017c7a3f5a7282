"""Processes that stay are told what is wrong with their options in one line, and run nothing that merely lies about."""

from __future__ import annotations

import os
import shelve
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import changeover
from tests.support.long import mostly_long
from tests.support.processes import start
from tests.support.redis_server import free_port

WORKER = {
    "--nosuch": "--nosuch: unknown option; known: --autoscale, ",
    "--logevel=INFO": "--logevel: unknown option; did you mean '--loglevel'?",
    "--loglevel=bad": "--loglevel: 'BAD' is not one of 'DEBUG', 'INFO'",
    "--max-tasks-per-child=x": "--max-tasks-per-child: 'x' is not a valid integer",
    "--concurrency=-3": "--concurrency: must be a non-negative integer",
    "--concurrency=99999": "--concurrency: must be 1 to 10000 (got 99999)",
    "--pool=nosuch": "--pool: 'nosuch' is not one of 'prefork'",
    "--queues=lane-0,lane-9": "--queues: unknown lane; ",
    "--exclude-queues=x": "--exclude-queues: unknown lane; ",
    "--pidfile=/nosuch/pid": "--pidfile: its folder does not exist (got '/nosuch/pid')",
    "--logfile=/nosuch/log": "--logfile: its folder does not exist (got '/nosuch/log')",
    "--hostname=%h%%%x": "worker cannot start: ValueError: Unknown format %x",
    "--uid=nosuch": "worker cannot start: KeyError: 'User does not exist: nosuch'",
    "-EB": "--beat: Changeover has no schedule to run",
    "-ED": "--detach: a worker stays in the foreground",
    "x": "Unable to parse extra configuration from command line",
    "--metrics-port=99999": "--metrics-port: must be a port, 1 to 65535 (got 99999)",
}


@pytest.fixture
def environment() -> dict[str, str]:
    """Servers that are named and not there: what is wrong is told before anybody asks them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    port = free_port()
    urls = {
        "CHANGEOVER_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "CHANGEOVER_BROKER_URL": f"redis://127.0.0.1:{port}/1",
    }
    return clean | urls


def ended(arguments: list[str], environment: dict[str, str], folder: Path) -> tuple[int, str]:
    """Exit code and all that was said."""
    with (folder / "said").open("w+b") as said:
        code = start(arguments, environment, said, said, folder, becomes=True).wait(60)
        said.seek(0)
        return code, said.read().decode()


@pytest.mark.parametrize("option", mostly_long(WORKER, *list(WORKER)[::3]))
def test_a_wrong_option_of_a_worker(option: str, environment: dict[str, str], tmp_path: Path) -> None:
    code, said = ended(["worker", option], environment, tmp_path)
    assert said.startswith(f"error: {WORKER[option]}")
    assert (code, said.count("\n")) == (2, 1)


def test_the_state_of_a_worker_that_others_may_write(environment: dict[str, str], tmp_path: Path) -> None:
    with shelve.open(str(tmp_path / "state")):
        pass
    for file in tmp_path.glob("state*"):
        file.chmod(0o666)
    code, said = ended(["worker", "--statedb=state"], environment, tmp_path)
    assert code == 2
    assert all("--statedb: other users may write the file" in line for line in said.splitlines())


def test_a_worker_without_its_rollback_strategy(environment: dict[str, str], tmp_path: Path) -> None:
    given = environment | {"CHANGEOVER_ROLLBACK_STRATEGY": "previuos"}
    code, said = ended(["worker"], given, tmp_path)
    line = "error: rollback_strategy: unknown rollback strategy; did you mean 'previous'? (got 'previuos')\n"
    assert (code, said) == (2, line)


def test_flower_runs_no_file_of_the_folder(environment: dict[str, str], tmp_path: Path) -> None:
    """It reads its configuration before it listens; here it then ends, since the port is taken."""
    for name in ("flowerconfig", "celeryconfig", "flower", "tornado", "workers", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('planted', 'w').close()\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = changeover("flower", f"--port={port}", environment=environment, folder=tmp_path)
    where = f"error: --port: cannot listen on 127.0.0.1:{port}: "
    assert result.stderr == f"{where}another process listens there; end it, or name another port\n"
    assert result.returncode == 4
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["coordinator", "--metrics-port=1", "--metrics-address", "x" * 300], "--metrics-address: expected an address"),
        (["up", "--workers", "999999999"], "--workers: must be 1 to 256 (got 999999999)"),
        (["up", "--concurrency", "999999999"], "--concurrency: must be 1 to 10000 (got 999999999)"),
        (["up", "--metrics-address", "a b"], "--metrics-address: expected an address"),
        (["flower", "-address=0.0.0.0"], "--address: is open to others"),
    ],
)
def test_others(arguments: list[str], said: str, environment: dict[str, str], tmp_path: Path) -> None:
    result = changeover(*arguments, environment=environment, folder=tmp_path)
    assert result.stderr.startswith(f"error: {said}")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


def test_up_in_a_folder_that_is_gone(environment: dict[str, str], tmp_path: Path) -> None:
    script = 'cd "$0" && rmdir "$0" && exec "$1" -P -m orchestrator.cli up'
    gone = tmp_path / "gone"
    gone.mkdir()
    command = ["sh", "-c", script, str(gone), sys.executable]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.stderr.splitlines()[-1] == (
        "error: --data-dir: the current folder is gone; go to another (got '.changeover')"
    )
    assert (result.returncode, "Traceback" in result.stderr) == (2, False)


@pytest.mark.parametrize("module", ["orchestrator.cli", "workers"])
def test_ctrl_c_while_a_command_is_loaded(module: str, tmp_path: Path) -> None:
    """A module that is loaded late sends it: no moment has to be met."""
    (tmp_path / "sends.py").write_text(
        "import builtins, os, signal\n"
        "real = builtins.__import__\n"
        "def load(name, *rest, **names):\n"
        "    if name == 'orchestrator.settings.model' or name == 'orchestrator.cli.app':\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *rest, **names)\n"
        "builtins.__import__ = load\n"
        f"import runpy, sys\nsys.argv = ['x', 'worker']\nrunpy.run_module({module!r}, run_name='__main__')\n"
    )
    command = [sys.executable, "-P", str(tmp_path / "sends.py")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (130, "")
