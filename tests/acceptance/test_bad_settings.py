"""Mistakes in the environment are named, never a traceback, and never taken for something else."""

from __future__ import annotations

import pytest

from tests.support.cli import changeover
from tests.support.long import mostly_long


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CHANGEOVER_REDIS_URL", "http://foo", "expected a URL such as redis://host:6379/0"),
        ("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:99999/0", "Port out of range"),
        ("CHANGEOVER_REDIS_URL", "redis://127.0.0.1:1/09", "the database is a whole number"),
        ("CHANGEOVER_REDIS_URL", "redis://u:hunter2@127.0.0.1:1/abc", "the database is a whole number"),
        ("CHANGEOVER_CONFIG", "/no/such/file.yaml", "no such file"),
        ("CHANGEOVER_LANES", "many", "lanes"),
    ],
)
@pytest.mark.parametrize("command", mostly_long(["status", "coordinator", "doctor"], "status"))
def test_a_wrong_setting(variable: str, value: str, said: str, command: str) -> None:
    done = changeover(command, environment={"CHANGEOVER_REDIS_URL": "redis://127.0.0.1:1/0", variable: value})
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_sequence_id_out_of_range() -> None:
    done = changeover("events", "--since", "9" * 23, environment={"CHANGEOVER_REDIS_URL": "redis://127.0.0.1:1/0"})
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
