from __future__ import annotations

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.embedded.up_options import UpOptions


def test_one_coordinator_and_numbered_workers() -> None:
    options = UpOptions(workers=2, pool="prefork", concurrency=3, program=("run",))
    assert options.commands() == [
        ("coordinator", "coordinator", ["run", "coordinator"]),
        ("worker", "worker1", ["run", "worker", "--pool=prefork", "--concurrency=3", "-n", "worker1@%h"]),
        ("worker", "worker2", ["run", "worker", "--pool=prefork", "--concurrency=3", "-n", "worker2@%h"]),
    ]


def test_flower_listens_on_loopback_when_it_is_asked_for() -> None:
    role, _, command = UpOptions(flower_port=5555, program=("run",)).commands()[-1]
    assert role == "flower"
    assert command == ["run", "flower", "--address=127.0.0.1", "--port=5555"]


def test_every_wrong_option_is_named_at_once() -> None:
    wrong = UpOptions(workers=0, concurrency=-1, flower_port=0, redis_port=70_000, pool="fork")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as caught:
        wrong.check()
    assert {problem.path for problem in caught.value.problems} == {
        *("--workers", "--concurrency", "--flower-port", "--redis-port", "--pool"),
    }
