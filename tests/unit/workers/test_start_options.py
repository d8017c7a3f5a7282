"""What ended a worker or Flower before it was at work, in our words."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput, PortTaken, error_lines
from workers.start_options import start_refusal

FLOWER = ["flower", "--address=127.0.0.1", "--port=80"]


@pytest.mark.parametrize("arguments", [FLOWER, ["worker"]])
def test_a_file_that_may_not_be_opened_is_no_port(arguments: list[str], tmp_path: Path) -> None:
    place = str(tmp_path / "state")
    told = start_refusal(PermissionError(errno.EACCES, "Permission denied", place), arguments)
    (line,) = error_lines(told)
    assert "--port" not in line
    assert f"{arguments[0]} cannot start: Permission denied (got '{place}')" in line


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), OSError(errno.EACCES, "denied")])
def test_a_worker_listens_nowhere(error: OSError) -> None:
    (line,) = error_lines(start_refusal(error, ["worker"]))
    assert line.endswith(f"worker cannot start: {error.strerror}")


def test_flower_is_told_of_its_address_and_port() -> None:
    assert isinstance(start_refusal(OSError(errno.EADDRINUSE, "in use"), FLOWER), PortTaken)
    for error, option in ((OSError(errno.EACCES, "no"), "--port"), (socket.gaierror(-2, "no"), "--address")):
        told = start_refusal(error, FLOWER)
        assert isinstance(told, InvalidInput)
        assert [(problem.path, problem.message) for problem in told.problems] == [(option, "127.0.0.1:80: no")]
