"""What people at the console are told of a Redis that does not do: whether it is away, or refuses the console."""

from __future__ import annotations

import pytest
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError, ResponseError

from orchestrator.console.problems import problem_of
from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.entry import NotLetIn


def _behind(said: RedisError) -> Unreachable:
    error = Unreachable("Redis at redis://h does not do it")
    error.__cause__ = said
    return error


@pytest.mark.parametrize(
    ("error", "title", "detail"),
    [
        (Unreachable("Redis at redis://h does not answer"), "Redis is away", "cannot reach its Redis"),
        (
            NotLetIn("Redis at redis://h refuses"),
            "Redis refuses the console",
            "user or password is refused, or lacks a",
        ),
        (_behind(OutOfMemoryError("OOM command not allowed")), "Redis is full", "Redis is full; raise its maxmemory"),
        (_behind(ResponseError("-OOM in a script")), "Redis is full", "raise its maxmemory"),
        (_behind(ReadOnlyError("no writes")), "Redis is a replica and takes no writes", "name the master"),
        (_behind(ResponseError("MISCONF x")), "Redis cannot save to its disk and takes no writes", "its log has"),
    ],
)
def test_who_is_refused_is_not_told_that_it_is_away(error: Unreachable, title: str, detail: str) -> None:
    told = problem_of(error)
    assert (told["status"], told["code"], told["title"]) == (503, "unreachable", title)
    assert detail in told["detail"]
    # Which server it is is not for everybody who may look at plans.
    assert "redis://" not in told["detail"]
