"""`changeover up --single-process`: coordinator and stages in one process, with checkpoints in its memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.support import cli
from tests.support.long import long
from tests.support.plans import BROADCAST, CONFIG_WRITE, HEALTH_CHECK, noop_stage, plan, tenant
from tests.support.tenant_instances import TenantInstances
from tests.support.up_process import READY_SECONDS, alive
from tests.support.waiting import wait_until

CHANGEOVER = (sys.executable, "-P", "-m", "orchestrator.cli")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
MEMORY = CLEAN | {"CHANGEOVER_CHECKPOINT__STORE_TYPE": "memory"}
PATIENT = HEALTH_CHECK | {"max_attempts": 100}
"""The instance answers only after a command was typed, which on a busy machine takes longer than a few attempts."""

BUSY_SECONDS = 90.0
"""On a busy machine each command takes its time."""

pytestmark = pytest.mark.timeout(300)


def changeover(folder: Path, *arguments: str) -> str:
    done = cli.changeover(*arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [*CHANGEOVER, "up", "--no-console", "--single-process"]
    with (
        open(tmp_path / "up.out", "wb") as output,
        open(tmp_path / "up.err", "wb") as errors,
        subprocess.Popen(command, cwd=tmp_path, env=MEMORY, stdout=output, stderr=errors) as process,
    ):
        try:
            said = tmp_path / "up.out"
            wait_until(lambda: "ready:" in said.read_text() or process.poll() is not None, READY_SECONDS)
            assert process.poll() is None, (tmp_path / "up.err").read_text()
            yield process
        finally:
            process.terminate()


@long
def test_a_task_goes_on_from_a_checkpoint_in_memory(up: subprocess.Popen[bytes], tmp_path: Path) -> None:
    run = json.loads((tmp_path / ".changeover" / "run.json").read_text())
    assert run["pids"]["coordinator"] == run["pids"]["worker"]
    with redis.Redis.from_url(run["redisUrl"], decode_responses=True) as client:
        instances = TenantInstances(run["redisUrl"])
        # The second stage lasts until its instance is let go.
        instances.hold.clear()
        switch = {"name": "switch-gateway", "steps": [CONFIG_WRITE, BROADCAST, PATIENT]}
        content = plan("p", [tenant("a", instances, 1)], [noop_stage("one"), switch, noop_stage("three")])
        (tmp_path / "plan.json").write_text(json.dumps(content))
        changeover(tmp_path, "submit", "plan.json")
        wait_until(lambda: instances.polls["a/a"], BUSY_SECONDS)
        changeover(tmp_path, "pause", "--task", "p.0")
        instances.hold.set()
        wait_until(lambda: '"PAUSED"' in changeover(tmp_path, "status", "--task", "p.0", "--json"), BUSY_SECONDS)
        assert json.loads(str(client.get("changeover:{default}:checkpoint:p.0")))["store"] == "memory"
        changeover(tmp_path, "resume", "--task", "p.0", "--wait")
        assert client.get("changeover:{default}:checkpoint:p.0") is None
    instances.close()
    events = [json.loads(line) for line in changeover(tmp_path, "events", "--plan", "p", "--json").splitlines()]
    started = [event["stageName"] for event in events if event["type"] == "TaskStageStarted"]
    assert started == ["one", "switch-gateway", "three"]

    up.send_signal(signal.SIGINT)
    assert up.wait(20) == 0
    assert [pid for of_role in run["pids"].values() for pid in of_role if alive(pid)] == []


@long
def test_a_second_one_on_the_namespace_is_refused(up: subprocess.Popen[bytes], tmp_path: Path) -> None:
    run = json.loads((tmp_path / ".changeover" / "run.json").read_text())
    there = MEMORY | {"CHANGEOVER_REDIS_URL": run["redisUrl"], "CHANGEOVER_BROKER_URL": run["brokerUrl"]}
    options = ["--no-console", "--single-process", "--data-dir", "second"]
    command = [*CHANGEOVER, "up", *options]
    done = subprocess.run(command, cwd=tmp_path, env=there, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "others work on namespace 'default' of this Redis" in done.stderr) == (2, True), done
    # One that was killed is in nobody's way, though its last sign is fresh.
    os.kill(run["pids"]["worker"][0], signal.SIGKILL)
    said = tmp_path / "up.out"
    wait_until(lambda: json.loads((tmp_path / ".changeover" / "run.json").read_text())["pids"] != run["pids"], 30)
    wait_until(lambda: changeover(tmp_path, "status") is not None, BUSY_SECONDS)
    assert "others work on" not in said.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "3"], "error: --workers: must be 1 with --single-process (got 3)"),
        (["--pool", "prefork"], "error: --pool: must be threads or solo with --single-process (got 'prefork')"),
    ],
)
def test_more_than_one_process_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    done = cli.changeover("up", "--no-console", "--single-process", *options, folder=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (2, said)
