from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from steps import (
    Broadcast,
    ConfigWrite,
    ConfigWriteParameters,
    Done,
    HealthCheck,
    HttpCall,
    Noop,
    NoopParameters,
    Notify,
    Poll,
    RedisAck,
    Step,
    Wait,
)
from steps.http_request import HttpRequestParameters
from steps.registry import BUILT_IN
from tests.support.agreed_lists import must_agree
from tests.support.step_context import context


def test_both_spellings() -> None:
    snake = ConfigWriteParameters.model_validate({"key": "k", "value": None, "ttl_seconds": 5})
    camel = ConfigWriteParameters.model_validate({"key": "k", "value": None, "ttlSeconds": 5})
    assert snake == camel
    assert snake.field is None


RIGHT: dict[type[Step[Any]], dict[str, object]] = {
    ConfigWrite: {"key": "k", "value": "v"},
    Broadcast: {"channel": "c", "message": 1},
    HealthCheck: {},
    HttpCall: {"url": "http://h/"},
    Poll: {"url": "http://h/", "until": "done"},
    RedisAck: {"key": "k", "value": {"f": 1}, "footprint": "f", "channel": "c", "message": 1},
    Wait: {"seconds": 1},
    Notify: {"url": "http://h/", "json": {}},
    Noop: {},
}
LEFT_OUT: object = object()
WRONG: dict[type[Step[Any]], list[dict[str, object]]] = {
    ConfigWrite: [
        {"value": LEFT_OUT},
        {"value": object()},
        {"value": float("nan")},
        {"key": ""},
        {"key": "changeover:fence:{k}"},
        {"ttl_seconds": 0},
        {"ttl_seconds": 1.5},
        {"ttl_seconds": 2**31},
        {"field": ""},
        {"ttl": 5},
    ],
    Broadcast: [{"channel": LEFT_OUT}, {"message": LEFT_OUT}, {"channel": ""}, {"message": float("inf")}],
    HealthCheck: [{"max_attempts": 0}, {"interval_seconds": -1}, {"choose": "some"}],
    HttpCall: [{"url": LEFT_OUT}, {"url": ""}, {"json": {}, "body": "b"}, {"timeout_seconds": 0}],
    Poll: [{"until": LEFT_OUT}, {"until": ""}, {"max_attempts": 0}, {"interval_seconds": -1}],
    RedisAck: [{"footprint": LEFT_OUT}, {"key": ""}, {"channel": ""}, {"max_attempts": 0}],
    Wait: [{"seconds": LEFT_OUT}, {"seconds": -1}, {"seconds": float("inf")}],
    Notify: [{"json": LEFT_OUT}, {"url": LEFT_OUT}, {"timeout_seconds": 0}],
    Noop: [{"seconds": 1}],
}
"""Of each step what is right, and changes of that which it refuses, the first of what it cannot do without."""


def test_no_step_is_left_out() -> None:
    for name, listed in (("RIGHT", RIGHT), ("WRONG", WRONG)):
        must_agree(
            (step.__name__ for step in BUILT_IN),
            (step.__name__ for step in listed),
            lacking=f"{{}} of steps/registry.py has no parameters in {name} of tests/unit/steps/test_parameters.py",
            left_over=f"{{}} has parameters in {name} here, and is not in steps/registry.py",
        )


@pytest.mark.parametrize(("step", "wrong"), [(step, wrong) for step in WRONG for wrong in WRONG[step]])
def test_bad_parameters(step: type[Step[Any]], wrong: dict[str, object]) -> None:
    step.Parameters.model_validate(RIGHT[step])
    with pytest.raises(ValidationError):
        step.Parameters.model_validate(
            {name: value for name, value in (RIGHT[step] | wrong).items() if value is not LEFT_OUT}
        )


def test_noop_touches_nothing() -> None:
    assert Noop().run(NoopParameters(), context()) == Done()


@pytest.mark.parametrize("step", [step for step in BUILT_IN if step.Parameters.model_fields])
def test_true_is_no_number(step: type[Step[Any]]) -> None:
    """``seconds: yes`` of YAML would be one second."""
    for name, field in step.Parameters.model_fields.items():
        words = str(field.annotation)
        if ("float" in words or "int" in words) and "bool" not in words and "Json" not in words:
            with pytest.raises(ValidationError) as caught:
                step.Parameters.model_validate({name: True})
            assert [one["msg"] for one in caught.value.errors() if one["loc"][0] in (name, to_camel(name))] == [
                "Value error, expected a number"
            ]


def test_a_number_that_json_lacks_is_told_in_our_words() -> None:
    with pytest.raises(ValidationError, match="holds a number that is not finite"):
        ConfigWriteParameters.model_validate({"key": "k", "value": [float("inf")]})


@pytest.mark.parametrize("name", ["Host", "Connection", "Transfer-Encoding", "transfer_encoding", "Upgrade", "TE"])
def test_headers_that_speak_of_the_connection_are_not_a_plans(name: str) -> None:
    with pytest.raises(ValidationError, match="is set by Changeover itself"):
        HttpRequestParameters.model_validate({"url": "http://a.example.com/", "headers": {name: "x"}})
