from __future__ import annotations

import pytest
from pydantic import ValidationError

from steps import BroadcastParameters, ConfigWriteParameters, Done, Noop, NoopParameters
from tests.support.step_context import context


def test_both_spellings() -> None:
    snake = ConfigWriteParameters.model_validate({"key": "k", "value": None, "ttl_seconds": 5})
    camel = ConfigWriteParameters.model_validate({"key": "k", "value": None, "ttlSeconds": 5})
    assert snake == camel
    assert snake.field is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"value": object()},
        {"value": float("nan")},
        {"value": "v", "key": ""},
        {"value": "v", "key": "changeover:fence:{k}"},
        {"value": "v", "ttl_seconds": 0},
        {"value": "v", "ttl_seconds": 1.5},
        {"value": "v", "ttl_seconds": 2**31},
        {"value": "v", "field": ""},
        {"value": "v", "ttl": 5},
    ],
)
def test_bad_config_write(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ConfigWriteParameters.model_validate({"key": "k", **wrong})


@pytest.mark.parametrize("wrong", [{}, {"channel": "", "message": 1}, {"channel": "c", "message": float("inf")}])
def test_bad_broadcast(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BroadcastParameters.model_validate(wrong)


def test_noop_touches_nothing() -> None:
    assert Noop().run(NoopParameters(), context()) == Done()
