"""What a health check remembers between its attempts: the matrix, successes in a row, hopeless cases, telling again."""

from __future__ import annotations

from typing import Any

import pytest

from steps import (
    Done,
    Failed,
    FenceToken,
    HealthCheck,
    HealthCheckParameters,
    HttpAnswer,
    HttpRequest,
    Outcome,
    PollAgain,
    TargetUnavailable,
    WriteAnswer,
    in_words,
    verdict,
)
from steps.instances.health_matrix import ATTEMPTS_KEPT, INSTANCES_KEPT, InstanceState, add_round
from tests.support.step_context import context

TWO = {
    "deploy_unit_version": 42,
    "network_endpoints": [{"key": "a", "target_ip": "10.0.0.1"}, {"key": "b", "target_ip": "10.0.0.2"}],
}
OLD = {"deploy_unit_version": 41}


class Replies:
    """Answers each request with the next reply: a version, a status, or an answer of one's own."""

    def __init__(self, *replies: Any) -> None:
        self.replies = replies
        self.sent: list[HttpRequest] = []

    def fetch_all(self, requests: Any, timeout_seconds: float) -> list[HttpAnswer]:
        self.sent = list(requests)
        return [self._answer(request.key, reply) for request, reply in zip(requests, self.replies, strict=True)]

    def _answer(self, key: str, reply: Any) -> HttpAnswer:
        if reply is None:
            return HttpAnswer(key, None, b"", "connection refused")
        if isinstance(reply, str):
            return HttpAnswer(key, 200, b'{"data": {"version": "%s"}}' % reply.encode(), None)
        return HttpAnswer(key, reply, b"", None)


class Channel:
    def __init__(self, *, away: bool = False) -> None:
        self.published: list[tuple[str, str]] = []
        self.away = away

    def write(self, token: FenceToken, key: str, field: str | None, value: str, ttl_seconds: int | None) -> WriteAnswer:
        raise AssertionError("wrote")

    def publish(self, channel: str, message: str) -> int:
        if self.away:
            raise TargetUnavailable("away")
        self.published.append((channel, message))
        return 1


def play(rounds: list[tuple[Any, ...]], target: Channel | None = None, **given: Any) -> tuple[Outcome, int]:
    """The outcome of the last round that was needed, and how many that were."""
    parameters = HealthCheckParameters.model_validate({"version_key": "$.data.version", **given})
    state: Any = {}
    outcome: Outcome = Done()
    for attempt, replies in enumerate(rounds, 1):
        http = Replies(*replies)
        outcome = HealthCheck().run(
            parameters,
            context(config=TWO, attempt=attempt, http=http, state=state, other_config=OLD, target=target),
        )
        if not isinstance(outcome, PollAgain):
            return outcome, attempt
        state = outcome.state
    return outcome, len(rounds)


def test_the_matrix_tells_apart_what_happened() -> None:
    outcome, _ = play([(None, "41"), ("41", "40"), (500, "42"), ("42", "42")])
    assert isinstance(outcome, Done)
    assert outcome.outputs["matrix"] == {"from": 1, "instances": {"a": "uob+", "b": "ow++"}}
    assert in_words(outcome.outputs["matrix"]) == {
        "a": ["unreachable", "old version", "bad answer", "ok"],
        "b": ["old version", "wrong version", "ok", "ok"],
    }


@pytest.mark.parametrize(
    ("row", "word"),
    [("u", "unreachable"), ("uo+", "ok"), ("+o", "flapping"), ("+o+", "flapping"), ("o.", "old version"),
     ("", "not asked")],
)  # fmt: skip
def test_one_word_an_instance(row: str, word: str) -> None:
    assert verdict(row) == word


def test_flapping_is_named() -> None:
    outcome, _ = play([("42", "41"), ("41", "42")], max_attempts=2)
    assert isinstance(outcome, Failed)
    assert outcome.message.endswith("a says version 41 (flapping: it was there before)")


def test_the_matrix_is_bounded() -> None:
    matrix: Any = None
    for _ in range(ATTEMPTS_KEPT + 5):
        matrix = add_round(matrix, [(str(n), InstanceState.OK) for n in range(INSTANCES_KEPT + 5)])
    assert matrix["from"] == 6
    assert len(matrix["instances"]) == INSTANCES_KEPT
    assert {len(row) for row in matrix["instances"].values()} == {ATTEMPTS_KEPT}
    assert add_round({"instances": 3, "from": "x"}, [("a", InstanceState.OK)])["instances"] == {"a": "+"}


def test_instances_that_come_and_go_and_share_a_name() -> None:
    matrix = add_round(None, [("a", InstanceState.OK), ("a", InstanceState.BAD_ANSWER)])
    matrix = add_round(matrix, [("b", InstanceState.OK)])
    assert matrix["instances"] == {"a": "+.", "a#2": "b.", "b": ".+"}


def test_successes_in_a_row() -> None:
    there, missing = ("42", "42"), ("42", None)
    assert play([there, there, missing, there, there, there], consecutive_successes=3)[1] == 6
    outcome, _ = play([there, there], consecutive_successes=3)
    assert isinstance(outcome, PollAgain)
    assert outcome.note == "attempt 2 of 10: all instances there, 2 of 3 times in a row"
    outcome, attempts = play([missing, missing, there, there], consecutive_successes=3, max_attempts=4)
    assert attempts == 4
    assert isinstance(outcome, Failed)
    assert "in the last 2 attempts only, not in 3 in a row" in outcome.message


@pytest.mark.parametrize(("reply", "gives_up"), [("40", True), ("41", False), (404, True), (401, True), (429, False),
                                                 (500, False), (None, False)])  # fmt: skip
def test_fail_fast(reply: Any, gives_up: bool) -> None:
    outcome, _ = play([("42", reply)], fail_fast=True)
    assert isinstance(outcome, Failed if gives_up else PollAgain)
    assert isinstance(play([("42", reply)])[0], PollAgain)
    if isinstance(outcome, Failed):
        assert "in 1 attempt (given up early: waiting cannot help): b " in outcome.message


def test_any_other_version_is_old_where_the_old_one_is_not_known() -> None:
    parameters = HealthCheckParameters(version_key="$.data.version", fail_fast=True)
    outcome = HealthCheck().run(parameters, context(config=TWO, http=Replies("42", "40")))
    assert isinstance(outcome, PollAgain)


def test_telling_again() -> None:
    channel = Channel()
    again = {"channel": "c", "message": {"b": 1, "a": 2}, "every": 2}
    play([("42", "41")] * 5, target=channel, rebroadcast=again)
    assert channel.published == [("c", '{"a":2,"b":1}')] * 2
    away = play([("42", "41")] * 2, target=Channel(away=True), rebroadcast=again)[0]
    assert isinstance(away, PollAgain)
    assert away.note.endswith("; told again in vain: away")
    assert isinstance(play([("42", "42")], target=Channel(), rebroadcast={**again, "every": 1})[0], Done)


def test_headers_are_sent() -> None:
    http = Replies("42", "42")
    parameters = HealthCheckParameters(version_key="$.data.version", headers={"X-Key": "abc"})
    assert isinstance(HealthCheck().run(parameters, context(config=TWO, http=http)), Done)
    assert [dict(request.headers) for request in http.sent] == [{"X-Key": "abc"}] * 2


@pytest.mark.parametrize("wrong", [{"version_key": "$.a..b"}, {"consecutive_successes": 11}, {"headers": {"a b": "c"}},
                                   {"headers": {"a": "b\nc"}}, {"choose": "two"}])  # fmt: skip
def test_bad_parameters(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        HealthCheckParameters.model_validate(wrong)
