"""The door of the console: who comes in, and how it says no."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
import structlog
from pydantic import SecretStr
from starlette.responses import StreamingResponse

from orchestrator.console.access.roles import Actor, Permission, needs
from orchestrator.domain.roles import Role
from orchestrator.observability.logs import configure_logs
from orchestrator.settings.model import Settings
from tests.integration.console.conftest import settings_of
from tests.support.console_server import ConsoleServer
from tests.support.redis_server import RedisServer


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


def test_no_token_no_answer_but_health(console: ConsoleServer) -> None:
    assert console.get("/health", role=None).json() == {"status": "up"}
    for path in ("/", "/api/v1/plans", "/nowhere"):
        refused = console.get(path, role=None)
        assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    missing = console.get("/nowhere", role="viewer")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert console.post("/health").json()["status"] == 405
    # What it sends goes at once: a body did not follow its head for 40 ms.
    for one in console._server.server_state.connections:
        assert one.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    for method, path, allowed in (
        ("PUT", "/api/v1/plans", "GET, POST"),
        ("PUT", "/api/v1/freezes/x", "DELETE"),
        ("DELETE", "/sign-in", "GET, POST"),
        ("POST", "/static/map.js", "GET, HEAD"),
    ):
        refused = console.request(method, path)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed), (method, path)
    assert "<h1>" in console.get("/nowhere", headers={"Accept": "text/html"}).text
    with socket.create_connection(("127.0.0.1", console.port), timeout=10) as caller:
        # Of the body nothing is ever sent, and nobody waits for it.
        head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {console.token('admin')}\r\nContent-Length: {2**28 + 1}"
        caller.sendall(f"POST /api/v1/plans HTTP/1.1\r\n{head}\r\n\r\n".encode())
        assert caller.recv(12) == b"HTTP/1.1 413"


@contextlib.contextmanager
def logs_set_up(settings: Settings) -> Iterator[None]:
    """What a console writes goes to stderr, whatever other tests of this process have set logs to. No fixture: what is
    captured while a test is set up is closed when it runs."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    configure_logs(settings)
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
        structlog.configure(**before)


def test_no_error_tells_of_the_inside(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    console = ConsoleServer(settings)

    def fails(how: str, actor: Annotated[Actor, needs(Permission.READ)], number: int = 0) -> StreamingResponse:
        def half() -> Iterator[bytes]:
            yield b"half"
            raise RuntimeError("the inside")

        if how == "half":
            return StreamingResponse(half())
        raise TimeoutError if how == "late" else RuntimeError("the inside")

    console.app.add_api_route("/api/v1/fails/{how}", fails)
    with logs_set_up(settings), console:
        for headers in ({}, {"Accept": "text/html"}):
            broken = console.get("/api/v1/fails/whole", headers=headers)
            assert (broken.status_code, broken.headers["content-type"]) == (500, "application/problem+json")
            assert "inside" not in broken.text
            said = capsys.readouterr().err
            assert said.count("RuntimeError: the inside") == 1
            assert broken.json()["errorId"] in said
        with pytest.raises(httpx.RemoteProtocolError):
            console.get("/api/v1/fails/half")
        assert console.get("/api/v1/fails/late").status_code == 504
        # Whoever asks it wrongly is told no less that it fails, and the log why.
        capsys.readouterr()
        wrong = console.get("/api/v1/fails/whole?number=many").json()
        assert wrong["status"] == 500
        assert wrong["errorId"] in capsys.readouterr().err


def test_a_line_of_the_log_is_short_whatever_strangers_ask_for(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_set_up(settings), ConsoleServer(settings) as console:
        assert console.get("/" + "q" * 60_000, role=None).status_code == 401
    lines = capsys.readouterr().err.splitlines()
    assert any("qqq" in line for line in lines)
    assert max(map(len, lines)) < 1000


def test_the_log_names_whom_no_group_lets_in(redis_server: RedisServer, capsys: pytest.CaptureFixture[str]) -> None:
    proxy = {"trusted_addresses": ["127.0.0.1"], "trusted_header": "X-User", "group_header": "X-Groups"}
    settings = settings_of(redis_server, **proxy, group_roles={"sre": "operator"})
    with logs_set_up(settings), ConsoleServer(settings) as console:
        assert console.get("/nowhere", role=None, headers={"X-User": "bob", "X-Groups": "other"}).status_code == 403
    assert "actor=bob" in capsys.readouterr().err


def test_redis_away_is_503_without_its_address(redis_server: RedisServer, tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    with ConsoleServer(
        Settings(redis_url=SecretStr(server.user_url()), broker_url=SecretStr(server.user_url(1)))
    ) as console:
        token = console.token("viewer")
        server.stop()
        for path, headers in (("/api/v1/tokens", {}), ("/plans", {"Accept": "text/html"})):
            away = console.get(path, role="viewer", headers=headers)
            assert (away.status_code, away.headers["retry-after"]) == (503, "2")
            assert str(server.port) not in away.text
            assert token not in away.text
        assert console.get("/health", role=None).status_code == 200
        assert console.post("/sign-in", role=None, data={"token": token}).status_code == 503


def test_a_session_by_cookie_and_its_end(console: ConsoleServer) -> None:
    with contextlib.closing(console.browser("viewer")) as browser:
        (cookie,) = browser.cookies.jar
        assert (cookie.name, cookie.secure, cookie.has_nonstandard_attr("HttpOnly")) == (
            "changeover-session",
            False,
            True,
        )
        assert browser.get("/nowhere").status_code == 404
        assert browser.post("/sign-out").json()["code"] == "csrf"
        console.client.revoke_token("test-viewer")
        out = browser.get("/nowhere", headers={"Accept": "text/html"}, follow_redirects=False)
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in?next=/nowhere")


def test_roles(console: ConsoleServer) -> None:
    for role in Role:
        assert console.get("/api/v1/tokens", role=role).status_code == (200 if role is Role.ADMIN else 403)
    made = console.post("/api/v1/tokens", json={"name": "on-call", "role": "viewer", "expiresSeconds": 60})
    assert (made.status_code, made.json()["createdBy"]) == (201, "test-admin")
    wrong = console.post("/api/v1/tokens", json={"name": "x", "rolle": "viewer"})
    assert wrong.status_code == 422, wrong.text
    assert httpx.get(f"{console.url}/api/v1/tokens", headers={"Host": "evil.example"}).status_code == 421
