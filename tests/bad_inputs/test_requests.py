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
from orchestrator.domain.printable import steering_character
from orchestrator.ledger.keys import Keys
from orchestrator.settings.model import Settings
from tests.support.bad_pages import bad_page_requests
from tests.support.bad_requests import BadRequest, bad_requests
from tests.support.console_server import ConsoleServer
from tests.support.long import mostly_long
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import DATABASES, RedisServer

ANSWER_SECONDS = 5.0
MOST_BYTES = 16 * 1024
"""Of a refusal: what was sent is quoted, and not sent back."""

PARTS = 127
"""Each has one in so many; a prime, so that no value is always in the same."""

FEW = 499
"""Of the page's requests, which are many more, each of so many is sent; in the long run all are."""

HIDDEN = "T0PSECRET-of-the-console"
INTERNALS = (
    "Traceback",
    "pydantic",
    "/orchestrator/",
    ".py",
    "redis://",
    "object at 0x",
    "Input should",
    "Extra inputs",
    "Error(",
    HIDDEN,
)
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
        self._kept = self.dump()

    def dump(self) -> dict[bytes, bytes]:
        names = cast(list[bytes], self._ledger.keys(self._root.replace("{", "[{]") + "*"))
        passing = {(self._root + name).encode() for name in PASSING}
        names = sorted(name for name in names if name not in passing)
        with self._ledger.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.dump(name)
            # Without its check sum, in any order: Redis moves the fields of a growing hash about while it is read.
            return {name: bytes(sorted(text[:-10])) for name, text in zip(names, pipe.execute(), strict=True) if text}

    def close(self) -> None:
        self._line.close()

    def changed(self) -> list[str]:
        """Keys that are not as they were at the last look."""
        before, self._kept = self._kept, self.dump()
        names = before.keys() | self._kept.keys()
        return sorted(
            name.decode().removeprefix(self._root) for name in names if before.get(name) != self._kept.get(name)
        )

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
    except (OSError, http.client.HTTPException) as error:
        caller.close()
        return f"no answer: {error!r}"
    changed = caller.changed()
    if status < 300:
        return f"{status}, was taken" if sent.must_fail else ""
    told = body.decode()
    if not 400 <= status < 500 or kind != "application/problem+json" or len(body) > MOST_BYTES:
        return f"{status} as {kind}, {len(body)} bytes: {told[:300]}"
    # The answer to a request of a person is kept, for its repeat; freezes end by themselves.
    if [name for name in changed if status not in (404, 409) or not name.startswith(("request:", "freeze", "thawing"))]:
        return f"{status}, and {changed} were written"
    if inside := [one for one in INTERNALS if one in told]:
        return f"{inside} is told: {told[:300]}"
    steering = steering_character(told)
    return f"{steering!r} is told" if steering else wrong_with_problem(json.loads(told), sent)


def wrong_with_problem(told: dict[str, Any], sent: BadRequest) -> str:
    if told["status"] != 422:
        return "" if told.get("detail") else f"no detail: {told}"
    errors = told.get("errors", [])
    if not 1 <= len(errors) <= 6 or not all(one["message"] for one in errors):
        return f"told is {told}"
    named = [
        one for one in errors if sent.part[:200] in one["path"] or sent.part == "body" or not sent.part.isidentifier()
    ]
    return "" if named or not sent.must_fail else f"{sent.part} is not named: {errors}"


@pytest.mark.parametrize("of", mostly_long(range(PARTS), 0))
def test_every_part_of_every_request(
    of: int, console: ConsoleServer, redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong: list[str] = []
    with redis.Redis.from_url(redis_server.url(DATABASES - 2)) as ledger:
        caller = Caller(console, ledger)
        for number, sent in enumerate(bad_requests(document_of(console.app))):
            if number % PARTS == of and (said := wrong_with(caller, sent)):
                wrong.append(f"{sent.operation} {sent.part[:30]!r}={str(sent.value)[:40]!r}: {said}")
        caller.close()
    assert wrong == []
    printed = capsys.readouterr()
    assert "request-failed" not in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err


def wrong_with_page(caller: Caller, sent: BadRequest) -> str:
    """The same of a page or a part of one: what it says is for people, and no status of its own."""
    try:
        status, _, body = caller.ask(sent)
    except (OSError, http.client.HTTPException) as error:
        caller.close()
        return f"no answer: {error!r}"
    told = body.decode()
    if status >= 500:
        return f"{status}: {told[:300]}"
    # Pages name files of ours, and what is looked at for the doctor's.
    shown = {".py"} | ({"redis://"} if sent.operation.startswith("GET /doctor") else set())
    inside = [one for one in INTERNALS if one in told and one not in shown]
    return f"{inside} is told: {told[:300]}" if inside else ""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("every", mostly_long((1, FEW), FEW))
def test_every_part_of_every_page(
    every: int, console: ConsoleServer, redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with redis.Redis.from_url(redis_server.url(DATABASES - 2)) as ledger:
        caller = Caller(console, ledger)
        wrong = [
            f"{sent.operation} {sent.parts} {sent.part[:30]!r}={str(sent.value)[:40]!r}: {said}"
            for number, sent in enumerate(bad_page_requests(console.app))
            if number % every == 0 and (said := wrong_with_page(caller, sent))
        ]
        caller.close()
    assert wrong == []
    printed = capsys.readouterr()
    assert "request-failed" not in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err
