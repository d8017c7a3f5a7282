"""Callers who are slow, greedy or many keep nobody else out: counted, not timed."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Annotated

import httpx
import pytest

from orchestrator.console import connections
from orchestrator.console.access import bodies
from orchestrator.console.access.request_shares import AT_ONCE, SHARED
from orchestrator.console.access.roles import Actor, Permission, needs
from tests.integration.console.conftest import settings_of
from tests.support.console_server import ConsoleServer
from tests.support.long import long
from tests.support.plans import noop_stage, plan, tenant
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

PLANS = "/api/v1/plans"
LARGEST = "vendor/htmx-2.0.11.min.js"


@pytest.fixture
def console(redis_server: RedisServer) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings_of(redis_server)) as console:
        yield console


Begin = Callable[[ConsoleServer, str], socket.socket]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """A connection, on which this much is sent."""
    with contextlib.ExitStack() as held:

        def sent(console: ConsoleServer, text: str) -> socket.socket:
            caller = held.enter_context(socket.create_connection(("127.0.0.1", console.port), timeout=30))
            caller.sendall(text.replace("\n", "\r\n").encode())
            return caller

        yield sent


def answer_of(caller: socket.socket) -> bytes:
    """All until the console closes the connection."""
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := caller.recv(65536):
            told += piece
    return told


def test_slow_senders_are_dropped(console: ConsoleServer, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    for owed in ("head", "rest"):
        monkeypatch.setitem(connections.SECONDS, owed, 0.3)
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    token = console.token("operator")
    post = f"POST {PLANS} HTTP/1.1\nHost: localhost\nAuthorization: Bearer"
    slow = {
        "no byte": begin(console, ""),
        "half a head": begin(console, "GET /health HTTP/1.1\nHost: local"),
        "half the second head": begin(console, "GET /health HTTP/1.1\nHost: localhost\n\nGET /h"),
        "half a body": begin(console, f"{post} {token}\nContent-Length: 100\n\n{{"),
        "half a chunk": begin(console, f"{post} {token}\nTransfer-Encoding: chunked\n\n5\n{{"),
        "half a form": begin(console, "POST /sign-in HTTP/1.1\nHost: localhost\nContent-Type: "
                             "application/x-www-form-urlencoded\nContent-Length: 99\n\ntoken="),
        "refused, the body is left": begin(console, f"{post} no\nContent-Length: 100000\n\n{{"),
    }  # fmt: skip
    # A byte now and then, here while the others are waited for, wins no time.
    dripping = slow.pop("half a head")
    told = {name: answer_of(caller) for name, caller in slow.items()}
    with contextlib.suppress(OSError):
        while True:
            dripping.sendall(b"l")
            dripping.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                if not dripping.recv(10):
                    break
    assert told.pop("no byte") == b""
    assert told.pop("half the second head").count(b"HTTP/1.1 200") == 1
    assert b"HTTP/1.1 401" in told.pop("refused, the body is left")
    for name, text in told.items():
        assert b"HTTP/1.1 408" in text, name
        assert json.loads(text.partition(b"\r\n\r\n")[2])["code"] == "too_slow", name
    assert console.get("/health").status_code == 200


@long
def test_who_takes_no_answer_is_dropped(console: ConsoleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.SECONDS, "taken", 0.3)
    state = console._server.server_state
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.connect(("127.0.0.1", console.port))
        caller.sendall(f"GET /static/{LARGEST} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 200)

        def is_there() -> bool:
            return any(getattr(one, "client", None) == caller.getsockname() for one in list(state.connections))

        wait_until(is_there)
        wait_until(lambda: not is_there())


def test_of_connections_that_do_nothing_the_eldest_makes_room(
    console: ConsoleServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST", 5)
    held = [begin(console, "") for _ in range(5)]
    state = console._server.server_state
    wait_until(lambda: len(state.connections) == 5)
    # Whoever really asks is answered, each on a connection of its own.
    for _ in range(3):
        assert httpx.get(f"{console.url}/health").json() == {"status": "up"}
    assert answer_of(held[0]) == b""
    assert len(state.connections) <= 5


@long
def test_four_hostile_tokens_leave_everybody_else_a_thread(redis_server: RedisServer, begin: Begin) -> None:
    console = ConsoleServer(settings_of(redis_server))
    gate, under_way = threading.Event(), threading.Semaphore(0)

    def holds(actor: Annotated[Actor, needs(Permission.READ)]) -> str:
        under_way.release()
        assert gate.wait(60)
        return actor.name

    console.app.add_api_route("/api/v1/holds", holds)
    with console:
        hostile = [
            console.client.create_token(f"hostile-{number}", "viewer", actor="test").token for number in range(4)
        ]
        head = "GET /api/v1/holds HTTP/1.1\nHost: localhost\nConnection: close\nAuthorization: Bearer"
        asked = [begin(console, f"{head} {token}\n\n") for _ in range(20) for token in hostile]
        try:
            for _ in range(min(4 * AT_ONCE, 4 + SHARED)):
                assert under_way.acquire(timeout=30)
            assert console.get("/health", role=None).status_code == 200
            assert console.get("/static/console.css", role=None).status_code == 200
            with contextlib.closing(console.browser("viewer")) as browser:
                assert browser.get("/plans").status_code == 200
            made = console.post(PLANS, json=plan("x", [tenant("a")], [noop_stage("a")]), role="operator")
            paused = console.post(f"{PLANS}/x/pause", json={"reason": "while they hold"}, role="operator")
            assert (made.status_code, paused.status_code) == (201, 200), paused.text
            # Meanwhile none more of theirs has begun: what they can have is theirs, and the rest waits.
            assert not under_way.acquire(blocking=False)
        finally:
            gate.set()
        assert {answer_of(caller)[:12] for caller in asked} == {b"HTTP/1.1 200"}


@long
def test_plans_of_one_token_are_in_memory_up_to_a_bound(
    console: ConsoleServer, begin: Begin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    size = 3 * bodies.LARGE
    room = console.app.state.bodies
    monkeypatch.setattr(room, "_most_of_one", 2 * size)
    token = console.token("viewer")
    head = f"POST {PLANS}:validate HTTP/1.1\nHost: localhost\nAuthorization: Bearer {token}\nContent-Length: "
    # Each has sent all of its plan but the last byte.
    held = [begin(console, f"{head}{size}\n\n{'x' * (size - 1)}") for _ in range(2)]
    wait_until(lambda: room.held == 2 * (size - 1))
    third = begin(console, f"{head}{size}\n\n")
    assert third.recv(12) == b"HTTP/1.1 429"
    # What others send, and what is small, is not kept out by them.
    small = console.post(f"{PLANS}:validate", json=plan("x", [tenant("a")], [noop_stage("a")]), role="viewer")
    large = console.post(
        f"{PLANS}:validate", content=b"x" * size, role="operator", headers={"Content-Type": "image/png"}
    )
    assert (small.status_code, large.status_code) == (200, 415), large.text
    for caller in (*held, third):
        caller.close()
    wait_until(lambda: room.held == 0)
    # Callers who leave are no failures of the console.
    assert "request-failed" not in capsys.readouterr().out
    too_much = console.post("/api/v1/freezes", content=b"{" + b" " * bodies.MOST_ELSEWHERE, role="admin")
    assert too_much.status_code == 413
