"""``changeover up`` and ``make run`` as a user has them: real coordinator, workers, Redis and example fleet."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.cli import changeover
from tests.support.long import long
from tests.support.up_process import READY_SECONDS, alive
from tests.support.waiting import wait_until

TREE = Path(__file__).parents[2]
COMMAND = (sys.executable, "-P", "-m", "orchestrator.cli")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}


# On a busy machine each process takes tens of seconds to load.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (
        open(tmp_path / "up.out", "wb") as output,
        open(tmp_path / "up.err", "wb") as errors,
        subprocess.Popen([*COMMAND, "up"], cwd=tmp_path, env=CLEAN, stdout=output, stderr=errors) as process,
    ):
        try:
            said = tmp_path / "up.out"
            wait_until(lambda: "ready:" in said.read_text() or process.poll() is not None, READY_SECONDS)
            assert process.poll() is None, (tmp_path / "up.err").read_text()
            yield process
        finally:
            process.terminate()


def pids(folder: Path) -> dict[str, list[int]]:
    run: dict[str, Any] = json.loads((folder / ".changeover" / "run.json").read_text())
    found: dict[str, list[int]] = run["pids"]
    return found


@long
def test_up_serves_its_folder_mends_itself_and_stops_clean(up: subprocess.Popen[bytes], tmp_path: Path) -> None:
    status = changeover("status", "--json", folder=tmp_path)
    assert status.returncode == 0
    assert json.loads(status.stdout) == []
    link = console_signs_its_owner_in_once(tmp_path)
    before = pids(tmp_path)
    for role in ("worker", "console"):
        os.kill(before[role][0], signal.SIGKILL)
    wait_until(lambda: all(pids(tmp_path)[role] != before[role] for role in ("worker", "console")), 10)
    after = [pid for of_role in pids(tmp_path).values() for pid in of_role]
    up.send_signal(signal.SIGINT)
    assert up.wait(20) == 0
    assert [pid for pid in after if alive(pid)] == []
    assert link not in (tmp_path / "up.err").read_text()


def console_signs_its_owner_in_once(folder: Path) -> str:
    """The link of its output, used."""
    url: str
    link: str
    wait_until(lambda: "signs you in once" in (folder / "up.out").read_text())
    said = (folder / "up.out").read_text()
    url, link = re.findall(r"console: (http://127\.0\.0\.1:\d+)/sign-in#(chg-link-\S+) signs you in once", said)[0]
    run: dict[str, Any] = json.loads((folder / ".changeover" / "run.json").read_text())
    assert run["consoleUrl"] == url
    another = changeover("token", "link", folder=folder)
    assert another.stdout.startswith(f"{url}/sign-in#chg-link-"), another.stderr
    with httpx.Client(base_url=url, trust_env=False) as browser:
        # Looking at the link changes nothing; using it does, once.
        assert browser.get("/sign-in").status_code == 200
        assert browser.post("/sign-in", data={"link": link}).status_code == 303
        (owner,) = browser.get("/api/v1/tokens").json()["tokens"]
        assert (owner["name"].startswith("up:"), owner["role"]) == (True, "admin")
        assert browser.post("/sign-in", data={"link": link}).status_code == 401
    return link


def test_the_demo_moves_all_tenants_and_leaves_nothing(tmp_path: Path) -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=TREE,
        env=CLEAN | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert demo.returncode == 0, demo.stderr
    assert "14 COMPLETED" in demo.stdout
    assert list(tmp_path.iterdir()) == []
