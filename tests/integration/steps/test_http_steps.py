"""``http-request``, ``poll`` and ``notify`` against real servers that answer well, badly, slowly or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steps import (
    AllowedHosts,
    Done,
    Failed,
    HttpCall,
    HttpPool,
    HttpRequestParameters,
    Notify,
    NotifyParameters,
    Outcome,
    Poll,
    PollAgain,
    PollParameters,
)
from tests.support.certificate import self_signed
from tests.support.instances import Answer, Instances, drip, hang, hang_up, in_turn, raw, reset, says
from tests.support.redis_server import free_port
from tests.support.step_context import context


@pytest.fixture
def pool() -> Iterator[HttpPool]:
    with HttpPool() as pool:
        yield pool


def call(pool: HttpPool, url: str, state: Any = None, **given: Any) -> Outcome:
    parameters = HttpRequestParameters.model_validate({"url": url, "timeout_seconds": 20, **given})
    return HttpCall().run(parameters, context(http=pool, state=state))


def poll(pool: HttpPool, url: str, until: str = "ready", attempt: int = 1, **given: Any) -> Outcome:
    parameters = PollParameters.model_validate({"url": url, "until": until, "timeout_seconds": 20, **given})
    return Poll().run(parameters, context(http=pool, attempt=attempt))


def notify(pool: HttpPool, url: str, state: Any = None, **given: Any) -> Outcome:
    parameters = NotifyParameters.model_validate({"url": url, "json": {"text": "moved"}, **given})
    return Notify().run(parameters, context(http=pool, state=state))


def failure(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed), outcome
    return outcome.message


def test_a_call_that_succeeds(pool: HttpPool) -> None:
    with Instances({"/switch": says({"code": 0, "data": {"failList": []}})}) as server:
        outcome = call(
            pool, server.url("/switch"), json={"to": "grün"}, success="code == 0 and not data.failList",
            headers={"Authorization": "Bearer abcd"},
        )  # fmt: skip
        (request,) = server.received
    assert outcome == Done({"status": 200, "json": {"code": 0, "data": {"failList": []}}})
    assert request.method == "POST"
    assert json.loads(request.body) == {"to": "grün"}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer abcd"
    assert request.headers["idempotency-key"] == "task-1/1/0/0"


@pytest.mark.parametrize(
    ("given", "method", "body", "kind"),
    [
        ({}, "GET", b"", None),
        ({"method": "delete"}, "DELETE", b"", None),
        ({"form": {"a": "1 2", "b": 3}}, "POST", b"a=1+2&b=3", "application/x-www-form-urlencoded"),
        ({"body": "ü", "method": "PUT"}, "PUT", "ü".encode(), None),
        ({"json": None}, "POST", b"null", "application/json"),
        ({"json": [], "headers": {"content-type": "x/y", "Idempotency-key": "mine"}}, "POST", b"[]", "x/y"),
    ],
)
def test_bodies(pool: HttpPool, given: dict[str, Any], method: str, body: bytes, kind: str | None) -> None:
    with Instances({"/": raw(b"", 204)}) as server:
        assert call(pool, server.url("/"), **given) == Done({"status": 204, "text": ""})
        (request,) = server.received
    assert (request.method, request.body, request.headers.get("content-type")) == (method, body, kind)
    assert request.headers["idempotency-key"] == ("mine" if "headers" in given else "task-1/1/0/0")


PARTIAL = {"code": 0, "data": {"failList": [{"tenant": "acme", "why": "quota"}]}}
FINAL: list[tuple[str, Answer, str]] = [
    ("partial", says(PARTIAL), "'code == 0 and not data.failList' does not hold: " + json.dumps(PARTIAL)),
    ("code", says({"code": 7, "msg": "no"}), """does not hold: {"code": 7, "msg": "no"}"""),
    (
        "missing",
        says({"code": 0, "data": {"fails": []}}),
        "cannot be judged (the name 'failList' is undefined; did you mean",
    ),
    ("text", raw(b"<html>ok</html>"), "answered status 200, but did not answer JSON: <html>ok</html>"),
    ("list", says([1]), "cannot be judged (the name 'code' is undefined"),
    ("nan", raw(b'{"code": NaN}'), "did not answer JSON"),
    ("deep", raw(b"[" * 60_000), "did not answer JSON"),
    ("404", raw(b"no such\ttenant", 404), "answered status 404: no such tenant"),
    ("loop", raw(b"", 302, Location="/loop"), "answered status 302 to /loop (redirects are not followed)"),
    ("huge", raw(b"{" * 1_000_000), "answered status 200 and sent an unusable answer (longer than 65536 bytes)"),
    ("zip", raw(b"x", Content_Encoding="gzip"), "sent an unusable answer (compressed, which was not asked for)"),
]


@pytest.mark.parametrize(("name", "answer", "said"), FINAL, ids=[name for name, _, _ in FINAL])
def test_what_will_not_change_fails_at_once(pool: HttpPool, name: str, answer: Answer, said: str) -> None:
    with Instances({f"/{name}": answer}) as server:
        message = failure(call(pool, server.url(f"/{name}"), success="code == 0 and not data.failList"))
        assert len(server.seen) == 1
    assert said in message
    assert len(message) < 1_500


PASSING: list[tuple[str, Answer, str]] = [
    ("500", raw(b"boom", 500), "answered status 500: boom"),
    ("429", raw(b"slow down", 429), "answered status 429: slow down"),
    ("huge503", raw(b"x" * 100_000, 503), "answered status 503 and sent an unusable answer"),
    ("reset", reset, "unreachable ("),
    ("bye", hang_up, "unreachable (not proper HTTP"),
]


@pytest.mark.parametrize(("name", "answer", "said"), PASSING, ids=[name for name, _, _ in PASSING])
def test_what_passes_is_tried_again_and_then_fails(pool: HttpPool, name: str, answer: Answer, said: str) -> None:
    retry = {"max_attempts": 2, "backoff_seconds": 3, "jitter_seconds": 0}
    with Instances({f"/{name}": answer}) as server:
        url = server.url(f"/{name}")
        again = call(pool, url, retry=retry)
        assert isinstance(again, PollAgain)
        assert again.after_seconds == 3
        assert again.note.startswith("request 1 of 2: ")
        assert said in again.note
        assert said in (message := failure(call(pool, url, state=again.state, retry=retry)))
        assert message.endswith("(after 2 requests)")


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_slow_server_costs_its_timeout_only(pool: HttpPool, behaviour: Answer) -> None:
    with Instances({"/": behaviour}) as server:
        message = failure(call(pool, server.url("/"), timeout_seconds=0.3, retry={"max_attempts": 1}))
    assert message.endswith("unreachable (timed out after 0.3 s)")


def test_refused_and_untrusted(pool: HttpPool, tmp_path: Path) -> None:
    once = {"max_attempts": 1}
    assert "connection refused" in failure(call(pool, f"http://127.0.0.1:{free_port()}/", retry=once))
    with Instances({"/": says({})}, tls=self_signed(tmp_path)) as server:
        message = failure(call(pool, server.url("/").replace("http:", "https:"), retry=once))
        assert server.seen == []
    assert "TLS certificate not trusted: self-signed certificate" in message


def test_retry_after_is_honoured_over_many_polls(pool: HttpPool) -> None:
    limited = raw(b"", 429, Retry_After="4000")
    with Instances({"/": in_turn(limited, says({"code": 0}))}) as server:
        delays = []
        outcome = call(pool, server.url("/"))
        while isinstance(outcome, PollAgain):
            delays.append(outcome.after_seconds)
            outcome = call(pool, server.url("/"), state=outcome.state)
        assert delays == [1800, 1800, 400]
        assert isinstance(outcome, Done)
        assert len({request.headers["idempotency-key"] for request in server.received}) == 1
        assert len(server.seen) == 2


def test_a_welcome_status_of_ones_own(pool: HttpPool) -> None:
    with Instances({"/gone": raw(b"", 404), "/ok": raw(b""), "/busy": raw(b"", 503)}) as server:
        assert isinstance(call(pool, server.url("/gone"), expected_status=[404, 503]), Done)
        assert isinstance(call(pool, server.url("/busy"), expected_status=[404, 503]), Done)
        assert "answered status 200" in failure(call(pool, server.url("/ok"), expected_status=404))


def test_outputs_are_bounded(pool: HttpPool) -> None:
    with Instances({"/": raw(b'"' + b"x" * 60_000 + b'"')}) as server:
        outcome = call(pool, server.url("/"))
    assert isinstance(outcome, Done)
    assert set(outcome.outputs) == {"status", "text"}
    assert len(str(outcome.outputs["text"])) <= 1001


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says({"ready": False, "at": "pull"}), """but the condition does not hold: {"ready": false, "at": "pull"}"""),
        (says({"redy": True}), "cannot be judged (the name 'ready' is undefined)"),
        (says({"ready": True}, 500), "answered status 500"),
        (raw(b"?"), "did not answer JSON: ?"),
        (raw(b"{" * 1_000_000), "unusable answer"),
        (reset, "unreachable"),
    ],
)  # fmt: skip
def test_poll_not_yet_and_never(pool: HttpPool, answer: Answer, said: str) -> None:
    with Instances({"/": answer}) as server:
        again = poll(pool, server.url("/"), interval_seconds=2.5, max_attempts=4)
        assert isinstance(again, PollAgain)
        assert again.after_seconds == 2.5
        assert again.note.startswith("attempt 1 of 4: ")
        assert said in again.note
        never = poll(pool, server.url("/"), attempt=4, max_attempts=4)
    assert isinstance(never, Failed)
    assert never.kind == "ConditionNotMet"
    assert said in never.message


def test_poll_until(pool: HttpPool) -> None:
    with Instances({"/": in_turn(says({"n": 1}), says({"n": 2}))}) as server:
        assert isinstance(poll(pool, server.url("/"), "n > 1"), PollAgain)
        outcome = poll(pool, server.url("/"), "n > 1 and http_status == 200", attempt=2)
    assert outcome == Done({"status": 200, "json": {"n": 2}, "attempts": 2})


def test_notify(pool: HttpPool) -> None:
    with Instances({"/ok": raw(b"ok"), "/no": raw(b"channel gone", 410), "/busy": raw(b"", 503)}) as server:
        assert notify(pool, server.url("/ok")) == Done({"delivered": True})
        assert json.loads(server.received[0].body) == {"text": "moved"}
        shrug = notify(pool, server.url("/no"))
        assert isinstance(shrug, Done)
        assert shrug.outputs["delivered"] is False
        assert "answered status 410: channel gone" in str(shrug.outputs["error"])
        assert notify(pool, server.url("/no"), required=True) == Failed("NotifyFailed", str(shrug.outputs["error"]))
        outcome, requests = notify(pool, server.url("/busy")), 1
        while isinstance(outcome, PollAgain):
            outcome, requests = notify(pool, server.url("/busy"), state=outcome.state), requests + 1
        assert requests == 3
        assert isinstance(outcome, Done)


def test_hosts_that_are_not_allowed_are_not_asked() -> None:
    with (
        HttpPool(hosts=AllowedHosts(["*.example.com", "*"])) as pool,
        Instances({"/": says({"ready": True})}) as server,
    ):
        for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
            url = server.url("/").replace("127.0.0.1", host)
            assert "not sent: " in failure(call(pool, url)), host
            assert "not sent: " in failure(poll(pool, url)), host
        assert server.seen == []
    with HttpPool(hosts=AllowedHosts(["127.0.0.0/8"])) as pool, Instances({"/": says({"ready": True})}) as server:
        assert isinstance(call(pool, server.url("/")), Done)
