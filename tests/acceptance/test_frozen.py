"""``changeover up`` with processes that are frozen: each is ended, and another does its work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_up import CLEAN, COMMAND, TREE, pids
from tests.support import freezing_step
from tests.support.cli import changeover
from tests.support.long import long
from tests.support.plans import plan, tenant
from tests.support.up_process import READY_SECONDS, alive
from tests.support.waiting import wait_until

# On a busy machine each process takes tens of seconds to load.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    paths = [str(freezing_step.install(tmp_path / "path")), str(TREE)]
    return CLEAN | {
        "PYTHONPATH": os.pathsep.join(paths),
        "CHANGEOVER_FROZEN_SECONDS": "4",
        "CHANGEOVER_LEASE_SECONDS": "2",
        "CHANGEOVER_RENEW_SECONDS": "0.5",
        # The first recovery is one too many: the step would freeze the next worker too.
        "CHANGEOVER_MAX_RECOVERIES": "0",
    }


@pytest.fixture
def workers() -> int:
    return 1


@pytest.fixture
def up(tmp_path: Path, environment: dict[str, str], workers: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [*COMMAND, "up", "--no-console", "--workers", str(workers)]
    with (
        open(tmp_path / "up.out", "wb") as output,
        open(tmp_path / "up.err", "wb") as errors,
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=errors) as process,
    ):
        try:
            wait_until(lambda: "ready:" in said(tmp_path) or process.poll() is not None, READY_SECONDS)
            assert process.poll() is None, (tmp_path / "up.err").read_text()
            yield process
        finally:
            process.terminate()


def said(folder: Path) -> str:
    return (folder / "up.out").read_text()


@long
@pytest.mark.parametrize("workers", [2])
@pytest.mark.usefixtures("up")
def test_one_that_a_step_freezes_in_c_ends_itself_and_says_where_it_stood(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    before = pids(tmp_path)
    written = plan("frozen", [tenant("t0")], [{"name": "one", "steps": [{"type": "freeze"}]}])
    (tmp_path / "plan.json").write_text(json.dumps(written))
    done = changeover("submit", "plan.json", "--wait", "--json", folder=tmp_path, environment=environment)
    assert done.returncode == 1, done.stderr
    wait_until(lambda: "ended: exit code 1" in said(tmp_path), 60)
    assert "freezing_step.py" in (tmp_path / "up.err").read_text()
    wait_until(lambda: pids(tmp_path)["worker"] != before["worker"], 60)
    # What is not frozen is left alone.
    assert len(set(before["worker"]) & set(pids(tmp_path)["worker"])) == 1


@long
def test_one_that_is_stopped_cannot_and_is_ended_for_it(up: subprocess.Popen[bytes], tmp_path: Path) -> None:
    before = pids(tmp_path)
    (coordinator,) = before["coordinator"]
    os.kill(coordinator, signal.SIGSTOP)
    wait_until(lambda: pids(tmp_path)["coordinator"] != [coordinator], 60)
    assert f"coordinator (pid {coordinator}) is frozen" in said(tmp_path)
    assert f"coordinator (pid {coordinator}) ended: SIGKILL" in said(tmp_path)
    assert not alive(coordinator)
    # What is not frozen is left alone.
    assert pids(tmp_path)["worker"] == before["worker"]
    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 0
