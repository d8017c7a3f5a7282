"""Every part of every request that the console's document tells of, with every bad value: a problem that names it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import pytest
import redis
from pydantic import SecretStr

from orchestrator.console.api.document import document_of
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.bad_requests import BadRequest, bad_requests
from tests.support.console_server import ConsoleServer
from tests.support.long import IS_LONG
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import DATABASES, RedisServer

ANSWER_SECONDS = 5.0
MOST_BYTES = 16 * 1024
"""Of a refusal: what was sent is quoted, and not sent back."""

EVERY = 1 if IS_LONG else 29
"""Of the requests in their order one in so many; a prime, so that no value is always passed over."""

HIDDEN = "T0PSECRET-of-the-console"
INTERNALS = ("Traceback", "pydantic", "/orchestrator/", ".py", "redis://", "object at 0x", "Error(", HIDDEN)
PASSING = ("clock", "presence", "counters", "settings")


@pytest.fixture(scope="module")
def console(redis_server: RedisServer) -> Iterator[ConsoleServer]:
    settings = Settings(
        namespace=f"bad-{uuid4().hex[:12]}",
        redis_url=SecretStr(redis_server.user_url(DATABASES - 2)),
        broker_url=SecretStr(redis_server.user_url(DATABASES - 1)),
    )
    with ConsoleServer(settings) as console:
        console.client.submit(plan("there", [tenant("acme"), tenant("birch")], [noop_stage("a")]))
        console.token("admin")
        yield console


class Caller:
    """Sends what no well-behaved client would, and looks at what is in the ledger before and after."""

    def __init__(self, console: ConsoleServer, ledger: redis.Redis) -> None:
        self._console, self._ledger = console, ledger
        self._root = Keys(console.app.state.settings.namespace).root
        self._line = http.client.HTTPConnection("127.0.0.1", console.port, timeout=ANSWER_SECONDS)
        self.kept = self.dump()

    def dump(self) -> dict[bytes, bytes]:
        names = cast(list[bytes], self._ledger.keys(self._root.replace("{", "[{]") + "*"))
        passing = {(self._root + name).encode() for name in PASSING}
        names = sorted(name for name in names if name not in passing)
        with self._ledger.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.dump(name)
            return dict(zip(names, pipe.execute(), strict=True))

    def close(self) -> None:
        self._line.close()

    def ask(self, sent: BadRequest) -> tuple[int, str, bytes]:
        headers = {"Authorization": f"Bearer {self._console.token('admin')}", **sent.headers}
        raw = {name: text.encode("utf-8", "surrogateescape") for name, text in headers.items()}
        self._line.request(sent.method, sent.target.decode(), sent.body, raw)
        answer = self._line.getresponse()
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/event-stream"):
            self._line.close()
            return answer.status, kind, b""
        return answer.status, kind, answer.read()


def wrong_with(caller: Caller, sent: BadRequest) -> str:
    """What an answer lacks; "" when it is as it has to be."""
    try:
        status, kind, body = caller.ask(sent)
    except (OSError, http.client.HTTPException, ValueError) as error:
        caller.close()
        return f"no answer: {error!r}"
    kept = caller.dump()
    changed = sorted(name.decode().removeprefix(caller._root) for name in kept.keys() | caller.kept.keys() if kept.get(name) != caller.kept.get(name))
    is_written, caller.kept = kept != caller.kept, kept
    if status < 400:
        return f"{status}, was taken" if sent.must_fail or status >= 300 else ""
    if status >= 500 or is_written:
        return f"{status}, {('something was written', changed) if is_written else ''} {body[:300]!r}"
    if kind != "application/problem+json" or len(body) > MOST_BYTES:
        return f"{status} as {kind}, {len(body)} bytes"
    told = json.loads(body)
    inside = [one for one in INTERNALS if one in body.decode()]
    if inside:
        return f"{inside} is told: {body[:300]!r}"
    if status == 422:
        return wrong_with_errors(told, sent)
    return "" if told.get("detail") else f"{status} without a detail: {told}"


def wrong_with_errors(told: dict[str, Any], sent: BadRequest) -> str:
    errors = told.get("errors", [])
    if not 1 <= len(errors) <= 6 or not all(one["message"] and "value" in one for one in errors):
        return f"told is {told}"
    return ""


def test_every_part_of_every_request(
    console: ConsoleServer, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_HIDDEN", HIDDEN)
    wrong: list[str] = []
    with redis.Redis.from_url(redis_server.url(DATABASES - 2)) as ledger:
        caller = Caller(console, ledger)
        log = open("/tmp/k5/wrong.txt", "w", buffering=1)
        for number, sent in enumerate(bad_requests(document_of(console.app))):
            if number % EVERY == 0 and (said := wrong_with(caller, sent)):
                print(f"{sent.operation} {sent.field[:30]!r}={str(sent.value)[:40]!r}: {said}".encode("ascii","backslashreplace").decode(), file=log)
                wrong.append(f"{sent.operation} {sent.field[:30]!r}={str(sent.value)[:40]!r}: {said}")
    log.write(str(number)); assert wrong == []
    caller.close()
    printed = capsys.readouterr()
    assert "request-failed" not in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err
