"""The step, the pool and real instances together: every way in which an instance can be not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from steps import Done, Failed, HealthCheck, HealthCheckParameters, HttpPool, Outcome, PollAgain
from tests.support.instances import Answer, Instances, drip, hang, raw, says
from tests.support.redis_server import free_port
from tests.support.step_context import context


@pytest.fixture
def pool() -> Iterator[HttpPool]:
    with HttpPool() as pool:
        yield pool


def check(pool: HttpPool, endpoints: dict[str, str], attempt: int = 1, **parameters: object) -> Outcome:
    config = {
        "deploy_unit_version": 42,
        "network_endpoints": [{"key": key, "value": url} for key, url in endpoints.items()],
    }
    given = HealthCheckParameters.model_validate({"timeout_seconds": 20, **parameters})
    return HealthCheck().run(given, context(config=config, attempt=attempt, http=pool))


def test_all_there(pool: HttpPool) -> None:
    with Instances({"/a": says({"version": 42}), "/b": says({"version": "42", "up": True})}) as server:
        outcome = check(pool, {"gw-1": server.url("/a"), "gw-2": server.url("/b")})
    assert isinstance(outcome, Done)
    assert outcome.outputs["instances"] == 2
    assert outcome.outputs["matrix"] == {"from": 1, "instances": {"gw-1": "+", "gw-2": "+"}}


def test_own_path_and_version_key(pool: HttpPool) -> None:
    with Instances({"/status?full=1": says({"build": "42"})}) as server:
        assert isinstance(check(pool, {"gw-1": server.url()}, path="/status?full=1", version_key="build"), Done)


def test_an_instance_that_adopts_later(pool: HttpPool) -> None:
    with Instances({"/a": says({"version": 42}), "/b": says({"version": 41})}) as server:
        endpoints = {"gw-1": server.url("/a"), "gw-2": server.url("/b")}
        again = check(pool, endpoints, attempt=1)
        assert isinstance(again, PollAgain)
        assert again.note == "attempt 1 of 10: 1 of 2 instances not there: gw-2 says version 41"
        server.answers["/b"] = says({"version": 42})
        assert isinstance(check(pool, endpoints, attempt=2), Done)


BAD: list[tuple[str, Answer, str]] = [
    ("old", says({"version": 41}), "says version 41"),
    ("null", says({"version": None}), "says version null"),
    ("500", raw(b"boom", 500), "answered status 500: 'boom'"),
    ("moved", raw(b"", 302, Location="/good"), "answered status 302"),
    ("html", raw(b"<html>"), "did not answer JSON: '<html>'"),
    ("list", says([42]), "answered JSON that is no object: '[42]'"),
    ("nokey", says({"build": 42}), "has no key 'version' in its answer: '{\"build\": 42}'"),
    ("huge", raw(b"{" * 1_000_000), "sent an unusable answer (longer than 65536 bytes)"),
    ("huge500", raw(b"{" * 1_000_000, 500), "answered status 500"),
]


@pytest.mark.parametrize(("name", "answer", "said"), BAD, ids=[name for name, _, _ in BAD])
def test_what_a_bad_instance_said(pool: HttpPool, name: str, answer: Answer, said: str) -> None:
    with Instances({"/bad": answer, "/good": says({"version": 42})}) as server:
        outcome = check(pool, {"gw-1": server.url("/good"), name: server.url("/bad")}, attempt=10)
    assert outcome == Failed(
        "HealthCheckFailed", f"1 of 2 instances did not report version 42 in 10 attempts: {name} {said}"
    )


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_slow_instance_costs_its_timeout_only(pool: HttpPool, behaviour: Answer) -> None:
    with Instances({"/": behaviour}) as server:
        outcome = check(pool, {"gw-1": server.url("/")}, attempt=10, timeout_seconds=0.5)
    assert isinstance(outcome, Failed)
    assert outcome.message.endswith("gw-1 unreachable (timed out after 0.5 s)")


def test_every_bad_instance_is_named(pool: HttpPool) -> None:
    with Instances({f"/{name}": answer for name, answer, _ in BAD} | {"/good": says({"version": 42})}) as server:
        endpoints = {name: server.url(f"/{name}") for name, _, _ in BAD}
        endpoints |= {"gone": f"http://127.0.0.1:{free_port()}/x", "fine": server.url("/good")}
        outcome = check(pool, endpoints, attempt=10)
    assert isinstance(outcome, Failed)
    said = "; ".join([f"{name} {said}" for name, _, said in BAD] + ["gone unreachable (connection refused)"])
    assert outcome.message == f"10 of 11 instances did not report version 42 in 10 attempts: {said}"
