"""The processes that tests start die when they are killed, however young they are."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.processes import signal_group, start


def test_a_process_that_is_killed_at_once_is_dead(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        for _ in range(40):
            process = start(["coordinator"], os.environ, log, log)
            signal_group(process, signal.SIGKILL)
            assert process.wait(timeout=20) == -signal.SIGKILL
