"""``make run``: the whole of Changeover at work in one terminal, in under a minute.

Starts ``changeover up`` on a data folder of its own and the example fleet, submits ``examples/blue-to-green.yaml``,
shows it live, prints the outcome and stops everything. Exit code 0 when the plan was completed.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from orchestrator.embedded.child import dies_with_parent
from orchestrator.embedded.demo.instances import instances_of, load_plan
from orchestrator.embedded.demo.plans import is_free_port

PLAN = Path(__file__).with_name("blue-to-green.yaml")
CHANGEOVER = (sys.executable, "-P", "-m", "orchestrator.cli")
READY_WITHIN_SECONDS = 60.0
DONE_WITHIN_SECONDS = 120.0
STOPPED_WITHIN_SECONDS = 25.0


class DemoFailed(Exception):
    """Something did not start or did not end well; the message says what."""


def main() -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="changeover-demo-") as folder:
            return _run(Path(folder))
    except DemoFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


def _run(folder: Path) -> int:
    # Settings of the user's own shell would point the demo at a real server.
    own = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    environment = own | {"CHANGEOVER_DATA_DIR": str(folder / "data"), "PYTHONUNBUFFERED": "1"}
    plan = with_free_ports(PLAN, folder)
    with (
        running("changeover up", [*CHANGEOVER, "up", "--no-console"], "ready", environment, folder / "up.log"),
        running(
            "fleet",
            [sys.executable, "-m", "examples.fleet", str(plan)],
            "fleet ready",
            environment,
            folder / "fleet.log",
        ),
    ):
        plan_id = submit(plan, environment)
        watched = _changeover(["watch", plan_id], environment).returncode
        print(flush=True)
        _changeover(["status", plan_id], environment)
        if watched != 0:
            raise DemoFailed(f"plan {plan_id} did not complete (exit code {watched})\n{_tail(folder / 'up.log')}")
    return 0


def with_free_ports(plan_file: Path, folder: Path) -> Path:
    """The plan itself when all its ports are free; else a copy of it in ``folder`` with other ports."""
    plan = load_plan(plan_file)
    if all(is_free_port(instance.host, instance.port) for instance in instances_of(plan)):
        return plan_file
    with contextlib.ExitStack() as held:
        for tenant in plan["tenants"]:
            for endpoint in tenant["network_endpoints"]:
                # All are held until the last is chosen, so that none is given twice.
                port = held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
                endpoint["value"] = f"http://127.0.0.1:{port}/health"
    copy = folder / plan_file.name
    copy.write_text(yaml.safe_dump(plan, sort_keys=False))
    print(f"ports of {plan_file.name} are taken; the demo uses others", flush=True)
    return copy


@contextlib.contextmanager
def running(name: str, command: Sequence[str], sign: str, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run a command in the background from its first line on that begins with ``sign``; end it at the end.

    Its stdout is shown up to that line, its stderr goes to ``log``. Raises ``DemoFailed`` when the line does not come.
    """
    with open(log, "wb") as errors:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=errors,
            # Ctrl-C reaches the demo alone, which then stops its children in order.
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    assert process.stdout is not None
    with process.stdout:
        try:
            _await_line(name, sign, process.stdout.fileno(), log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def submit(plan: Path, environment: Mapping[str, str]) -> str:
    """Submit the plan; its id."""
    done = _changeover(["submit", str(plan), "--json"], environment, stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise DemoFailed(f"the plan was not taken (exit code {done.returncode})")
    answer: dict[str, Any] = json.loads(done.stdout)
    return str(answer["planId"])


def _changeover(
    arguments: Sequence[str], environment: Mapping[str, str], stdout: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [*CHANGEOVER, *arguments], env=dict(environment), stdout=stdout, timeout=DONE_WITHIN_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise DemoFailed(f"changeover {' '.join(arguments)} took longer than {error.timeout:g} s") from error


def _await_line(name: str, sign: str, stdout: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    text = ""
    while not any(line.startswith(sign) for line in text.splitlines()):
        if not select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise DemoFailed(f"{name} was not ready within {READY_WITHIN_SECONDS:g} s\n{_tail(log)}")
        if not (chunk := os.read(stdout, 4096).decode(errors="replace")):
            raise DemoFailed(f"{name} ended before it was ready\n{_tail(log)}")
        print(chunk, end="", flush=True)
        text += chunk


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
