"""Two owners start ``changeover up`` on one machine at the same moment: each is led to what is its own."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.test_up import CLEAN, COMMAND, console_signs_its_owner_in_once, pids
from tests.support.long import long
from tests.support.redis_server import free_port
from tests.support.up_process import READY_SECONDS
from tests.support.waiting import wait_until

pytestmark = [long, pytest.mark.timeout(600)]
SUBMIT = (*COMMAND, "submit", ".changeover/demo/green.yaml", "--wait")


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[list[Path]]:
    """Of both, each ready; the settings name one port for both consoles, and the demos want one port as well."""
    environment = CLEAN | {"CHANGEOVER_CONSOLE__PORT": str(free_port())}
    with ExitStack() as stack:
        found = [tmp_path / "ada", tmp_path / "bob"]
        processes = []
        for folder in found:
            folder.mkdir()
            output = stack.enter_context((folder / "up.out").open("wb"))
            errors = stack.enter_context((folder / "up.err").open("wb"))
            up = [*COMMAND, "up", "--demo"]
            process = subprocess.Popen(up, cwd=folder, env=environment, stdout=output, stderr=errors)
            stack.enter_context(process)
            stack.callback(process.terminate)
            processes.append(process)
        for folder in found:
            said = folder / "up.out"
            wait_until(lambda: "console:" in said.read_text(), READY_SECONDS, f"not ready in {folder}")  # noqa: B023
        yield found
        for process in processes:
            process.send_signal(signal.SIGINT)
        assert [process.wait(60) for process in processes] == [0, 0]


def test_each_has_a_console_and_a_fleet_of_its_own(folders: list[Path]) -> None:
    said = [(folder / "up.out").read_text() for folder in folders]
    for told in (r"console: http://127\.0\.0\.1:(\d+)/", r"instances at http://127\.0\.0\.1:(\d+);"):
        assert len({re.findall(told, one)[0] for one in said}) == 2
    assert [one for one in said if " ended: " in one] == []
    assert {len(pids(folder)["console"]) for folder in folders} == {1}
    # A link of one means nothing to the other.
    assert len({console_signs_its_owner_in_once(folder) for folder in folders}) == 2
    # Nobody's instances are told of the other's move.
    moving = [subprocess.Popen(SUBMIT, cwd=folder, env=CLEAN, stdout=subprocess.DEVNULL) for folder in folders]
    assert [one.wait(300) for one in moving] == [0, 0]
