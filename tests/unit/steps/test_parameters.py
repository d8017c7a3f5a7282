from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from steps import BroadcastParameters, ConfigWriteParameters, Done, Noop, NoopParameters, Step
from steps.http_request import HttpRequestParameters
from steps.registry import BUILT_IN
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
