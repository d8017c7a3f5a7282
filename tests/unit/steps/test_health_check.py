"""The step's own decisions; what servers can do to it is in the integration room."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from steps import Done, Failed, HealthCheck, HealthCheckParameters, HttpAnswer, HttpRequest, PollAgain
from tests.support.step_context import context

STEP = HealthCheck()
THREE = {
    "deploy_unit_version": 42,
    "network_endpoints": [{"key": f"gw-{n}", "target_ip": f"10.0.0.{n}"} for n in (1, 2, 3)],
}


class Reports:
    """Answers each request with the next version, and keeps what it was asked."""

    def __init__(self, *versions: str) -> None:
        self.versions = versions
        self.asked: list[str] = []
        self.timeout_seconds = 0.0

    def fetch_all(self, requests: Sequence[HttpRequest], timeout_seconds: float) -> list[HttpAnswer]:
        self.asked = [request.url for request in requests]
        self.timeout_seconds = timeout_seconds
        bodies = [f'{{"version": {version}}}'.encode() for version in self.versions]
        return [HttpAnswer(request.key, 200, body, None) for request, body in zip(requests, bodies, strict=True)]


def test_defaults() -> None:
    parameters = HealthCheckParameters()
    assert parameters.model_dump() == {
        "path": "/health",
        "version_key": "version",
        "expected_version": None,
        "interval_seconds": 3.0,
        "max_attempts": 10,
        "timeout_seconds": 5.0,
        "consecutive_successes": 1,
        "headers": None,
        "fail_fast": False,
        "rebroadcast": None,
        "instances": None,
        "choose": "all",
    }


def test_done_only_when_all_are_there() -> None:
    http = Reports("42", '"42"', "42")
    assert STEP.run(HealthCheckParameters(), context(config=THREE, http=http)) == Done(
        {
            "version": "42",
            "instances": 3,
            "attempts": 1,
            "matrix": {"from": 1, "instances": {"gw-1": "+", "gw-2": "+", "gw-3": "+"}},
        }
    )
    assert http.asked == [f"http://10.0.0.{n}/health" for n in (1, 2, 3)]
    assert http.timeout_seconds == 5.0


def test_not_there_yet() -> None:
    outcome = STEP.run(
        HealthCheckParameters(interval_seconds=1.5), context(config=THREE, attempt=4, http=Reports("41", "42", "42"))
    )
    assert outcome == PollAgain(
        1.5,
        "attempt 4 of 10: 1 of 3 instances not there: gw-1 says version 41",
        {
            "matrix": {"from": 1, "instances": {"gw-1": "o", "gw-2": "+", "gw-3": "+"}},
            "streak": 0,
        },
    )


def test_the_last_miss_fails_and_names_each() -> None:
    outcome = STEP.run(HealthCheckParameters(), context(config=THREE, attempt=10, http=Reports("41", "42", "null")))
    assert outcome == Failed(
        "HealthCheckFailed",
        "2 of 3 instances did not report version 42 in 10 attempts: gw-1 says version 41; gw-3 says version null",
    )


def test_the_last_attempt_may_still_succeed() -> None:
    outcome = STEP.run(HealthCheckParameters(), context(config=THREE, attempt=10, http=Reports("42", "42", "42")))
    assert isinstance(outcome, Done)


@pytest.mark.parametrize(("given", "reported"), [(7, "7"), ("7", "7"), (True, "true"), ("1.10", "1.10")])
def test_the_parameter_beats_the_config(given: object, reported: str) -> None:
    parameters = HealthCheckParameters.model_validate({"expectedVersion": given})
    config = {"deploy_unit_version": 42, "target_ip": "10.0.0.1"}
    assert isinstance(STEP.run(parameters, context(config=config, http=Reports(reported))), Done)


def test_a_version_of_zero_counts_as_given() -> None:
    config = {"deploy_unit_version": 0, "target_ip": "10.0.0.1"}
    assert isinstance(STEP.run(HealthCheckParameters(), context(config=config, http=Reports("0"))), Done)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"target_ip": "10.0.0.1"}, "NoExpectedVersion"),
        ({"target_ip": "10.0.0.1", "deploy_unit_version": None}, "NoExpectedVersion"),
        ({"deploy_unit_version": 42, "network_endpoints": []}, "NoEndpoints"),
        ({"deploy_unit_version": 42, "target_ip": "a b"}, "MalformedEndpoints"),
    ],
)
def test_what_cannot_be_asked_fails_at_once(config: dict[str, object], kind: str) -> None:
    outcome = STEP.run(HealthCheckParameters(), context(config=config))
    assert isinstance(outcome, Failed)
    assert outcome.kind == kind


def test_messages_are_bounded_with_a_hundred_instances() -> None:
    endpoints = [{"key": "g" * 150 + str(n), "target_ip": "10.0.0.1"} for n in range(100)]
    config = {"deploy_unit_version": 42, "network_endpoints": endpoints}
    http = Reports(*['"' + "ü" * 5_000 + '"'] * 100)
    failed = STEP.run(HealthCheckParameters(), context(config=config, attempt=10, http=http))
    again = STEP.run(HealthCheckParameters(), context(config=config, attempt=1, http=http))
    assert isinstance(failed, Failed)
    assert isinstance(again, PollAgain)
    assert len(failed.message.encode()) < 4_500
    assert len(again.note.encode()) < 1_500
    assert failed.message.endswith(" more")
    assert "; and " in failed.message


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval_seconds": 0},
        {"interval_seconds": float("inf")},
        {"max_attempts": 0},
        {"timeout_seconds": -1},
        {"path": ""},
        {"path": "/a b"},
        {"version_key": ""},
        {"expected_version": 1.1},
        {"expected_version": ""},
        {"expected_version": ["1"]},
        {"expectedversion": "1"},
    ],
)
def test_bad_parameters_are_one_error_each(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        HealthCheckParameters.model_validate(wrong)
    assert caught.value.error_count() == 1
