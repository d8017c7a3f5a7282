"""A store that cannot work is said at the start of each process, with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import changeover
from tests.support.long import long
from tests.support.place import Place

MEMORY = {"CHANGEOVER_CHECKPOINT__STORE_TYPE": "memory"}
MISTYPED = {"CHANGEOVER_CHECKPOINT__STORE_TYPE": "reddis"}
AWAY = {
    "CHANGEOVER_CHECKPOINT__STORE_TYPE": "db",
    "CHANGEOVER_CHECKPOINT__URL": "postgresql://me:hidden@127.0.0.1:1/changeover",
}
CELERY = (sys.executable, "-m", "celery", "-A", "workers.app")


@pytest.mark.parametrize(
    ("command", "settings", "code", "said"),
    [
        pytest.param(["coordinator"], MEMORY, 2, "use redis or db", marks=long),
        pytest.param(["worker"], MEMORY, 2, "use redis or db", marks=long),
        (["up"], MEMORY, 2, "use redis or db"),
        pytest.param([*CELERY, "worker"], MEMORY, 2, "use redis or db", marks=long),
        (["worker"], MISTYPED, 2, "did you mean 'redis'?"),
        (["coordinator"], AWAY, 4, "127.0.0.1:1"),
        pytest.param(
            [*CELERY, "worker"],
            {"CHANGEOVER_MIDDLEWARES": '["metrics"]'},
            2,
            "middlewares[0]: unknown middleware",
            marks=long,
        ),
    ],
)
def test_refused_at_the_start(
    command: list[str], settings: dict[str, str], code: int, said: str, place: Place, tmp_path: Path
) -> None:
    environment = os.environ | place.environment() | settings
    if command[0] == sys.executable:
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
    else:
        done = changeover(*command, environment=environment, folder=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr + done.stdout
