"""``changeover up`` starts again what ends, Redis included."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.ledger.server_state import answering_pid
from tests.support.up_process import UpProcess, alive
from tests.support.waiting import wait_until


@pytest.fixture
def up(tmp_path: Path) -> Iterator[UpProcess]:
    process = UpProcess(tmp_path / ".changeover")
    yield process.ready()
    process.end()


def replaced(up: UpProcess, role: str, old: list[int]) -> list[int]:
    """The role's pids in run.json once they differ from ``old``."""

    def new() -> list[int] | None:
        pids = up.pids()[role]
        return pids if pids != old else None

    return wait_until(new, 10, f"{role} was not started again") or []


@pytest.mark.parametrize("role", ["coordinator", "worker"])
def test_a_killed_child_is_reported_and_started_again(up: UpProcess, role: str) -> None:
    before = up.pids()
    os.kill(before[role][0], signal.SIGKILL)
    after = replaced(up, role, before[role])
    assert alive(after[0])
    assert after[1:] == before[role][1:]
    report = next(line for line in up.said().splitlines() if "ended" in line)
    assert role in report
    assert str(before[role][0]) in report
    assert "SIGKILL" in report
    assert "0.5 s" in report
    assert len(up.ready_lines()) == 1


def test_what_a_killed_child_had_started_goes_with_it(tmp_path: Path) -> None:
    up = UpProcess(tmp_path / ".changeover", "stubborn", workers=1, stop_seconds=1.0).ready()
    try:
        with up.client() as client:
            offspring = {int(pid) for pid in client.smembers("stand-in:offspring")}
        before = up.pids()
        for role in ("coordinator", "worker"):
            os.kill(before[role][0], signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in offspring), 10)
    finally:
        up.end()


def test_redis_comes_back_on_its_port_with_its_data(up: UpProcess) -> None:
    with up.client() as client:
        client.set("kept", "yes")
    url, old = up.run_file()["redisUrl"], up.pids()["redis"]
    os.kill(old[0], signal.SIGKILL)
    (new,) = replaced(up, "redis", old)
    assert up.run_file()["redisUrl"] == url

    wait_until(lambda: answering_pid(url) == new, 10)
    with up.client() as client:
        assert client.get("kept") == "yes"


def test_the_delay_doubles(up: UpProcess) -> None:
    for _ in range(2):
        old = up.pids()["coordinator"]
        os.kill(old[0], signal.SIGKILL)
        replaced(up, "coordinator", old)
    assert re.findall(r"starting it again in (\S+) s", up.said()) == ["0.5", "1"]
